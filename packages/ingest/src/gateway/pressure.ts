import { RefusedRequest } from './refusal.ts'

/** What the gateway holds in memory for others: bodies that are read, records that are not acknowledged yet. */
export interface Pressure {
  /** Takes up room until the answer is called; refuses when there is none. */
  take(bytes: number): () => void
}

const RETRY_AFTER_SECONDS = 1

export function openPressure(mostBytes: number): Pressure {
  let held = 0
  return {
    take(bytes) {
      // Whoever is alone is served, however large: the size of a body has a bound of its own.
      if (held > 0 && held + bytes > mostBytes) throw full()
      held += bytes
      let released = false
      return () => {
        if (!released) held -= bytes
        released = true
      }
    },
  }
}

function full(): RefusedRequest {
  const message = 'too much waits to be stored; send it again a little later'
  return new RefusedRequest({ status: 429, code: 42901, message, retryAfter: RETRY_AFTER_SECONDS })
}

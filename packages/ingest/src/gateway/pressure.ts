import { RefusedRequest } from './refusal.ts'

/** What the gateway holds in memory for its clients: bodies as they arrive, records that are not acknowledged yet. */
export interface Pressure {
  /** Room for one request of a client, with nothing in it yet. */
  open(client: string): Room
  /** Whether more than half of all room is taken. */
  isTight(): boolean
}

export interface Room {
  /** Takes up more; refuses when there is none, or when the client has its share already. */
  take(bytes: number): void
  /** Gives all of it back; from then on nothing is counted. */
  release(): void
}

const RETRY_AFTER_SECONDS = 1

/**
 * No client may hold more than what is free: a single client gets half of the room, two get a third each, and there is
 * always some left for the next one.
 */
export function openPressure(mostBytes: number): Pressure {
  const byClient = new Map<string, number>()
  let total = 0
  return {
    isTight: () => total > mostBytes / 2,
    open(client) {
      let own = 0
      let released = false
      return {
        take(bytes) {
          if (released) return
          // A request that is alone is served, however large: the size of a body has a bound of its own.
          const isAlone = total === own
          const share = (byClient.get(client) ?? 0) + bytes
          if (!isAlone && share > mostBytes - total - bytes) throw full()
          byClient.set(client, share)
          own += bytes
          total += bytes
        },
        release() {
          const left = (byClient.get(client) ?? 0) - own
          if (left > 0) byClient.set(client, left)
          else byClient.delete(client)
          total -= own
          own = 0
          released = true
        },
      }
    },
  }
}

function full(): RefusedRequest {
  const message = 'too much waits to be stored; send it again a little later'
  return new RefusedRequest({ status: 429, code: 42901, message, retryAfter: RETRY_AFTER_SECONDS })
}

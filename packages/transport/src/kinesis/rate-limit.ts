import type { Runtime } from '@millrace/base'

/** Spaces the reads of a shard: Kinesis answers all of its readers together five times a second. */
export interface RateLimit {
  /** Waits until a read is allowed; returns false when it is not before the deadline. */
  take(deadline: number, signal: AbortSignal | undefined): Promise<boolean>
  /** Delays the next read, as the shard has no new records. */
  rest(): void
  /** The shard has been asked too much: rateLimit come later and later until one succeeds. */
  slowDown(): void
  succeeded(): void
}

const CALL_EVERY_MS = 200
const REST_MS = 500
const LONGEST_PAUSE_MS = 10_000

export function createRateLimit(runtime: Runtime): RateLimit {
  let next = Number.NEGATIVE_INFINITY
  let throttled = 0
  const notBefore = (wait: number) => {
    next = Math.max(next, runtime.monotonic() + wait)
  }
  return {
    async take(deadline, signal) {
      for (let now = runtime.monotonic(); now < next; now = runtime.monotonic()) {
        if (signal?.aborted || now >= deadline) return false
        // Timers can be early by a little.
        await runtime.sleep(Math.max(1, Math.min(next, deadline) - now), signal).catch(() => {})
      }
      if (signal?.aborted) return false
      notBefore(CALL_EVERY_MS)
      return true
    },
    rest: () => notBefore(REST_MS),
    slowDown() {
      throttled++
      notBefore(Math.min(LONGEST_PAUSE_MS, CALL_EVERY_MS * 2 ** throttled) * (0.5 + runtime.random() / 2))
    },
    succeeded() {
      throttled = 0
    },
  }
}

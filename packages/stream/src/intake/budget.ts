import { onAbort } from '@millrace/base'

/** Bounds the bytes that are in flight between the source and the tables, over all pipelines of a worker. */
export interface ByteBudget {
  /** Settles when less than the bound is in flight, or when the signal aborts. */
  room(signal?: AbortSignal): Promise<void>
  /** Whether what was asked for while there was room may still come in. */
  readonly open: boolean
  take(bytes: number): void
  give(bytes: number): void
}

/** Room for two answers of a broker: refusing those would mean reading them again. */
const ON_THE_WAY = 8 << 20

export function createBudget(bound: number): ByteBudget {
  let inFlight = 0
  let waiting: (() => void)[] = []
  return {
    get open() {
      return inFlight < bound + ON_THE_WAY
    },
    async room(signal) {
      while (inFlight >= bound && !signal?.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.push(resolve)
        using _ = signal && onAbort(signal, resolve)
        await promise
      }
    },
    take(bytes) {
      inFlight += bytes
    },
    give(bytes) {
      inFlight -= bytes
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}

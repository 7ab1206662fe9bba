import { onAbort } from '@millrace/base'

/** Bounds the bytes that are in flight between the source and the tables, over all pipelines of a worker. */
export interface ByteBudget {
  /** Settles when less than the bound is in flight, or when the signal aborts. */
  room(signal?: AbortSignal): Promise<void>
  /** Whether what was asked for while there was room may still come in. */
  readonly open: boolean
  take(bytes: number): void
  give(bytes: number): void
  /**
   * What one open batch holds of the bytes. `due` is called when it is to be closed, full or not: as soon as open
   * batches hold half of the bound, the largest of them is. Readers would else wait for room that only they can make.
   */
  openShare(due: () => void): OpenShare
}

export interface OpenShare {
  hold(bytes: number): void
  /** The batch has been closed, and another is open. */
  end(): void
}

/** Room for two answers of a broker: refusing those would mean reading them again. */
const ON_THE_WAY = 8 << 20

export function createBudget(bound: number): ByteBudget {
  let inFlight = 0
  let waiting: (() => void)[] = []
  const shares = createShares(bound / 2)
  return {
    openShare: shares,
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
      // A thousand readers may wait: each would look, and wait again.
      if (inFlight >= bound) return
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}

/** Those of open batches that are not due yet, by the bytes that each holds. */
function createShares(most: number): ByteBudget['openShare'] {
  const open = new Map<() => void, number>()
  let held = 0
  const forget = (due: () => void) => {
    held -= open.get(due) ?? 0
    open.delete(due)
  }
  const closeLargest = () => {
    if (held < most) return
    const [due] = [...open].reduce((largest, each) => (each[1] > largest[1] ? each : largest))
    forget(due)
    due()
  }
  return (due) => {
    let isDue = false
    const closed = () => {
      isDue = true
      due()
    }
    return {
      hold(bytes) {
        if (isDue) return
        open.set(closed, (open.get(closed) ?? 0) + bytes)
        held += bytes
        closeLargest()
      },
      end() {
        forget(closed)
        isDue = false
      },
    }
  }
}

/** Takes work in order: prepares up to `depth` pieces side by side, finishes them one after another in that order. */
export interface Conveyor<T> {
  /** Settles when there is room for the next piece. */
  push(piece: T): Promise<void>
  /** Settles when all that was pushed is finished or dropped. Rejects with the first failure. */
  drained(): Promise<void>
  /** Cancels pieces whose `finish` has not started. */
  drop(): void
  readonly dropped: boolean
}

export interface ConveyorSteps<T, P> {
  readonly depth: number
  prepare(piece: T): Promise<P>
  /** Returns false to drop this piece and all behind it. */
  finish(piece: T, prepared: P): Promise<boolean>
  /** Called with what was prepared of a piece that is not finished. */
  discard(prepared: P): Promise<void>
  /** Called for each piece in the end, finished or not. */
  release(piece: T): void
  /** Called once, when nothing more will be finished. */
  dropped(): void
}

export function createConveyor<T, P>(steps: ConveyorSteps<T, P>): Conveyor<T> {
  const line: Promise<void>[] = []
  let last: Promise<void> = Promise.resolve()
  let dropped = false
  let failure: { readonly error: unknown } | undefined
  const drop = () => {
    if (dropped) return
    dropped = true
    steps.dropped()
  }

  const carry = async (piece: T, before: Promise<void>) => {
    const preparing = steps.prepare(piece)
    // Awaited in order below: until then its failure must not count as unhandled.
    preparing.catch(() => {})
    let finished = false
    try {
      await before
      if (!dropped) finished = await steps.finish(piece, await preparing)
      if (!finished) drop()
    } catch (error) {
      failure ??= { error }
      drop()
    } finally {
      if (!finished) await preparing.then(steps.discard).catch(() => {})
      steps.release(piece)
    }
  }
  const settle = async () => {
    await line.shift()
    if (failure) throw failure.error
  }
  return {
    get dropped() {
      return dropped
    },
    async push(piece) {
      last = carry(piece, last)
      line.push(last)
      while (line.length >= steps.depth) await settle()
    },
    async drained() {
      while (line.length > 0) await settle()
    },
    drop,
  }
}

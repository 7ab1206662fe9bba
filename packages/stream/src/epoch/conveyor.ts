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
    try {
      const preparing = steps.prepare(piece)
      // Awaited in order below: until then its failure must not count as unhandled.
      preparing.catch(() => {})
      await before
      if (dropped) await preparing.catch(() => {})
      else if (!(await steps.finish(piece, await preparing))) drop()
    } catch (error) {
      failure ??= { error }
      drop()
    } finally {
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

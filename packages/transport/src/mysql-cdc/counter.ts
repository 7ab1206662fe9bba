import type { LogPlace, Place } from './position.ts'

/** Where a transaction begins in the log. */
export interface Boundary {
  readonly file: bigint
  readonly pos: bigint
}

/** Where one table is in the log, and how many of its changes came since the transaction began. */
export interface Counter {
  place(): LogPlace
  /** Counts a change; says whether it comes behind the place where reading began. */
  count(): boolean
}

/** Counts from a place on. Until the log is there, its changes are not wanted. */
export function createCounter({ round, file: fromFile, pos: fromPos, next }: Place, boundary: () => Boundary): Counter {
  const from: LogPlace = { phase: 'log', round, file: fromFile, pos: fromPos, next }
  let counted = 0n
  let { file, pos } = from
  const countedHere = (at: Boundary) => (at.pos === pos && at.file === file ? counted : 0n)
  return {
    place() {
      const at = boundary()
      const order = compare(at, from)
      if (order < 0) return from
      const here = countedHere(at)
      return {
        phase: 'log',
        round,
        file: at.file,
        pos: at.pos,
        next: order === 0 && here < from.next ? from.next : here,
      }
    },
    count() {
      const at = boundary()
      const order = compare(at, from)
      if (order < 0) return false
      counted = countedHere(at) + 1n
      file = at.file
      pos = at.pos
      return order > 0 || counted > from.next
    },
  }
}

/** Below 0: `a` is in front of `b`. */
export function compare(a: Boundary, b: Boundary): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.pos === b.pos ? 0 : a.pos < b.pos ? -1 : 1
}

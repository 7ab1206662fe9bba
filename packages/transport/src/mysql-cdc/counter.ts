import type { LogPlace, Place, Spot } from './position.ts'

/** Where one table is in the log, and how many of its changes came since the transaction began. */
export interface Counter {
  place(): LogPlace
  /** Counts a change; says whether it comes behind the place where reading began. */
  count(): boolean
}

/** Counts from a place on. Until the log is there, its changes are not wanted. */
export function createCounter(start: Place, boundary: () => Spot): Counter {
  const { round, next } = start
  const from: LogPlace = { ...spotOf(start), phase: 'log', round, next }
  let counted = 0n
  let { file, pos } = from
  const countedHere = (at: Spot) => (at.pos === pos && at.file === file ? counted : 0n)
  return {
    place() {
      const at = boundary()
      const order = compare(at, from)
      if (order < 0) return from
      const here = countedHere(at)
      return {
        ...spotOf(at),
        phase: 'log',
        round,
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
export function compare(a: Pick<Spot, 'file' | 'pos'>, b: Pick<Spot, 'file' | 'pos'>): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.pos === b.pos ? 0 : a.pos < b.pos ? -1 : 1
}

const spotOf = ({ file, pos, server, gtid }: Spot): Spot => ({ file, pos, server, gtid })

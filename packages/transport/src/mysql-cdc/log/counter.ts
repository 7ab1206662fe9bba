import type { LogPlace, LogSpot, Place, Spot } from '../position.ts'

/** Where one table is in the log, and how many of its changes came since the transaction began. */
export interface Counter {
  place(): LogPlace
  /** Counts a change that was made at a time; says whether it comes behind the place where reading began. */
  count(time: number): boolean
}

/** Counts from a place on. Until the log is there, its changes are not wanted. */
export function createCounter(start: Place, boundary: () => LogSpot): Counter {
  const from: LogPlace = start.phase === 'log' ? start : { ...start, phase: 'log', within: 0n }
  const { round } = from
  let counted = 0n
  let newest = from.time
  let { file, pos } = from
  const countedHere = (at: Spot) => (at.pos === pos && at.file === file ? counted : 0n)
  return {
    place() {
      const at = boundary()
      const order = compare(at, from)
      if (order < 0) return from
      const next = countedHere(at)
      if (order === 0 && next < from.next) return from
      return { ...spotOf(at), phase: 'log', round, next, time: newest, within: next > 0n ? at.within : 0n }
    },
    count(time) {
      const at = boundary()
      const order = compare(at, from)
      if (order < 0) return false
      counted = countedHere(at) + 1n
      file = at.file
      pos = at.pos
      if (order === 0 && counted <= from.next) return false
      if (newest < time) newest = BigInt(time)
      return true
    },
  }
}

/** Below 0: `a` is in front of `b`. */
export function compare(a: Pick<Spot, 'file' | 'pos'>, b: Pick<Spot, 'file' | 'pos'>): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.pos === b.pos ? 0 : a.pos < b.pos ? -1 : 1
}

const spotOf = ({ file, pos, server, gtid }: Spot): Spot => ({ file, pos, server, gtid })

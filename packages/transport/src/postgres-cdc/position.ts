import type { Position } from '../source.ts'
import { ANY_SHAPE } from './table/shape.ts'

/** A place in a table's changes: its rows are read, then its log, and so again where a statement has rewritten the rows. */
export type Place = RowsPlace | TablePlace

interface Reading {
  /** How often the rows were read before. */
  readonly round: bigint
  /** The shape of the table whose rows these are; 0: not known. */
  readonly shape: bigint
}

export interface RowsPlace extends Reading {
  readonly phase: 'rows'
  /** The log is read from here on afterwards. */
  readonly lsn: bigint
  /** Counts rows, or is the next key: everything before was handed over. */
  readonly next: bigint
  /** When the rows became what they are, in milliseconds since 1970; 0 where they are read first. */
  readonly time: bigint
}

export interface TablePlace extends Reading, LogPlace {
  readonly phase: 'log'
}

/** `lsn` is where a transaction's commit begins, and `next` the number of its first change of the table; or it is between two. */
export interface LogPlace {
  readonly lsn: bigint
  readonly next: bigint
}

/** Positions grow: each reading of the rows, and of the log behind it, has numbers of its own in front. */
export function positionOf(place: Place): Position {
  const { phase, round, lsn, next, shape } = place
  return phase === 'rows' ? [2n * round, lsn, next, place.time, shape] : [2n * round + 1n, lsn, next, 0n, shape]
}

export function placeOf([phase, lsn, next, time, shape]: Position): Place | undefined {
  if (phase === undefined || lsn === undefined || next === undefined) return undefined
  if (time === undefined || shape === undefined) return undefined
  const at = { round: phase / 2n, lsn, next, shape }
  return phase % 2n === 0n ? { phase: 'rows', ...at, time } : { phase: 'log', ...at }
}

export const isBefore = (a: LogPlace, b: LogPlace) => a.lsn < b.lsn || (a.lsn === b.lsn && a.next < b.next)
export const earlier = (a: LogPlace, b: LogPlace) => (isBefore(b, a) ? b : a)
export const later = (a: LogPlace, b: LogPlace) => (isBefore(a, b) ? b : a)
/** Returns the place between two transactions. */
export const placeAt = (lsn: bigint): LogPlace => ({ lsn, next: 0n })

/** Name of the record that stands at a place of a reading: whatever the shape of the table was when it was read. */
export function nameAt(reading: Place, { lsn, next }: LogPlace): string {
  return positionOf({ ...reading, lsn, next })
    .slice(0, -1)
    .join('.')
}

export function positionOfName(name: bigint | string): Position {
  return [...String(name).split('.').map(BigInt), ANY_SHAPE]
}

/** Whether a reader has all that is in the log before its end; while it reads rows again it has not. */
export function passes(position: Position, end: bigint): boolean {
  const place = placeOf(position)
  return place?.phase === 'log' && !isBefore(place, placeAt(end))
}

/** Returns a place in the log as PostgreSQL writes it: two numbers in hexadecimal. */
export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase()
}

export function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

import type { Position } from '../source.ts'

/** A place in a table's changes: first its rows are read, then its log. */
export type Place =
  /** `next` counts rows, or is the next key: everything before was handed over. The log is read from `lsn` on afterwards. */
  | { readonly phase: 'rows'; readonly lsn: bigint; readonly next: bigint }
  /** `lsn` is where a transaction's commit begins, and `next` the number of its first change of the table; or it is between two. */
  | LogPlace

export interface LogPlace {
  readonly phase: 'log'
  readonly lsn: bigint
  readonly next: bigint
}

const PHASES = ['rows', 'log'] as const

export function positionOf({ phase, lsn, next }: Place): Position {
  return [BigInt(PHASES.indexOf(phase)), lsn, next]
}

export function placeOf([phase, lsn, next]: Position): Place | undefined {
  const name = PHASES[Number(phase)]
  return name === undefined || lsn === undefined || next === undefined ? undefined : { phase: name, lsn, next }
}

export const isBefore = (a: LogPlace, b: LogPlace) => a.lsn < b.lsn || (a.lsn === b.lsn && a.next < b.next)
export const earlier = (a: LogPlace, b: LogPlace) => (isBefore(b, a) ? b : a)
export const later = (a: LogPlace, b: LogPlace) => (isBefore(a, b) ? b : a)
/** Returns the place between two transactions. */
export const placeAt = (lsn: bigint): LogPlace => ({ phase: 'log', lsn, next: 0n })

/** Name of the record that stands at a position. */
export function nameAt(place: Place): string {
  return positionOf(place).join('.')
}

export function positionOfName(name: bigint | string): Position {
  return String(name).split('.').map(BigInt)
}

/** Returns a place in the log as PostgreSQL writes it: two numbers in hexadecimal. */
export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase()
}

export function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

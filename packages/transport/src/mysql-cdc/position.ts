import { type Position, reached } from '../source.ts'

/** A place in a table's changes: its rows are read, then its log, and so again where a statement has rewritten the rows. */
export type Place = RowsPlace | LogPlace

/** Between two transactions of a server's log. */
export interface Spot {
  readonly file: bigint
  readonly pos: bigint
  /** The number of the server whose log it is. */
  readonly server: bigint
  /** The transaction before, by which another server of MariaDB knows the place. */
  readonly gtid: Gtid
}

/** The server that made a transaction, and its number there; 0: not known. */
export interface Gtid {
  readonly server: bigint
  readonly number: bigint
}

export const NO_GTID: Gtid = { server: 0n, number: 0n }

/** The log is read from there on afterwards. */
export interface RowsPlace extends Spot {
  readonly phase: 'rows'
  /** How often the rows were read before. */
  readonly round: bigint
  /** Counts rows, or is the next key: everything before was handed over. */
  readonly next: bigint
  /** When the rows became what they are, in milliseconds since 1970; 0 where they are read first. */
  readonly time: bigint
}

export interface LogPlace extends Spot {
  readonly phase: 'log'
  readonly round: bigint
  /** Counts the changes of the table that come behind the event at `pos`. */
  readonly next: bigint
}

/** Positions grow: each reading of the rows, and of the log behind it, has numbers of its own in front. */
export function positionOf(place: Place): Position {
  const { phase, round, file, pos, next, server, gtid } = place
  const [first, time] = phase === 'rows' ? [2n * round, place.time] : [2n * round + 1n, 0n]
  return [first, file, pos, next, time, server, gtid.server, gtid.number]
}

export function placeOf(position: Position): Place | undefined {
  const [phase, file, pos, next, time, server, gtidServer, number] = position
  if (phase === undefined || file === undefined || pos === undefined || next === undefined) return undefined
  if (time === undefined || server === undefined || gtidServer === undefined || number === undefined) return undefined
  const at = { round: phase / 2n, file, pos, next, server, gtid: { server: gtidServer, number } }
  return phase % 2n === 0n ? { phase: 'rows', ...at, time } : { phase: 'log', ...at }
}

/** Returns where the log begins behind the last reading of rows on the way to a position. */
export const logBehind = ([phase = 0n]: Position): Position => [phase | 1n]

/** Whether a reader has all that is in the log before its end; while it reads rows again it has not. */
export function passes(position: Position, end: Spot): boolean {
  const place = placeOf(position)
  if (place?.phase !== 'log' || place.server !== end.server) return false
  return reached([place.file, place.pos], [end.file, end.pos])
}

/** Name of the record that stands at a position. */
export function nameAt(place: Place): string {
  return positionOf(place).join('.')
}

export function positionOfName(name: bigint | string): Position {
  return String(name).split('.').map(BigInt)
}

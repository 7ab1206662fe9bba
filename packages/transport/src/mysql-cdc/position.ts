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

/** Where a reader of the log is. */
export interface LogSpot extends Spot {
  /** The server that made the transaction behind it, which has begun; 0: none has, or it is not known. */
  readonly within: bigint
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

export interface LogPlace extends LogSpot {
  readonly phase: 'log'
  readonly round: bigint
  /** Counts the changes of the table that come behind the event at `pos`; these are changes of the transaction there. */
  readonly next: bigint
  /** When the newest change that was read before it was made, in milliseconds since 1970; 0: none was. */
  readonly time: bigint
}

/** Returns where the log begins behind rows. */
export const logBehindRows = (rows: RowsPlace): LogPlace => ({ ...rows, phase: 'log', next: 0n, within: 0n })

/** Positions grow: each reading of the rows, and of the log behind it, has numbers of its own in front. */
export function positionOf(place: Place): Position {
  const { phase, round, file, pos, next, time, server, gtid } = place
  const [first, within] = phase === 'rows' ? [2n * round, 0n] : [2n * round + 1n, place.within]
  return [first, file, pos, next, time, server, gtid.server, gtid.number, within]
}

const POSITION_LENGTH = 9

export function placeOf(position: Position): Place | undefined {
  if (position.length !== POSITION_LENGTH) return undefined
  const [
    phase = 0n,
    file = 0n,
    pos = 0n,
    next = 0n,
    time = 0n,
    server = 0n,
    gtidServer = 0n,
    number = 0n,
    within = 0n,
  ] = position
  const at = { round: phase / 2n, file, pos, next, time, server, gtid: { server: gtidServer, number } }
  return phase % 2n === 0n ? { phase: 'rows', ...at } : { phase: 'log', ...at, within }
}

/** Returns where the log begins behind the last reading of rows on the way to a position. */
export const logBehind = ([phase = 0n]: Position): Position => [phase | 1n]

/**
 * Whether a reader has all that is in the log before its end; while it reads rows again it has not, and neither with a
 * place on another server than the one that is there.
 */
export function passes(position: Position, end: Spot, server: bigint): boolean {
  const place = placeOf(position)
  if (place?.phase !== 'log' || place.server !== server) return false
  if (end.server === server) return reached([place.file, place.pos], [end.file, end.pos])
  // That server has taken the place of the other since: only the numbers of transactions are the same there.
  return end.gtid.number > 0n && place.gtid.number >= end.gtid.number
}

/** Name of the record that stands at a position, from wherever it was read. */
export function nameAt(place: Place): string {
  return positionOf(place.phase === 'log' ? { ...place, time: 0n } : place).join('.')
}

export function positionOfName(name: bigint | string): Position {
  return String(name).split('.').map(BigInt)
}

import { type Position, reached } from '../source.ts'

/** A place in a table's changes: its rows are read, then its log, and so again where a statement has rewritten the rows. */
export type Place = RowsPlace | LogPlace

export interface RowsPlace {
  readonly phase: 'rows'
  /** How often the rows were read before. */
  readonly round: bigint
  /** The log is read from here on afterwards. */
  readonly file: bigint
  readonly pos: bigint
  /** Counts rows, or is the next key: everything before was handed over. */
  readonly next: bigint
  /** When the rows became what they are, in milliseconds since 1970; 0 where they are read first. */
  readonly time: bigint
}

export interface LogPlace {
  readonly phase: 'log'
  readonly round: bigint
  readonly file: bigint
  readonly pos: bigint
  /** Counts the changes of the table that come behind the event at `pos`. */
  readonly next: bigint
}

/** Positions grow: each reading of the rows, and of the log behind it, has numbers of its own in front. */
export function positionOf(place: Place): Position {
  const { phase, round, file, pos, next } = place
  return phase === 'rows' ? [2n * round, file, pos, next, place.time] : [2n * round + 1n, file, pos, next, 0n]
}

export function placeOf([phase, file, pos, next, time]: Position): Place | undefined {
  if (phase === undefined || file === undefined || pos === undefined || next === undefined || time === undefined) {
    return undefined
  }
  const at = { round: phase / 2n, file, pos, next }
  return phase % 2n === 0n ? { phase: 'rows', ...at, time } : { phase: 'log', ...at }
}

/** Whether a reader has all that is in the log before its end; while it reads rows again it has not. */
export function passes(position: Position, end: { readonly file: bigint; readonly pos: bigint }): boolean {
  const place = placeOf(position)
  return place?.phase === 'log' && reached([place.file, place.pos], [end.file, end.pos])
}

/** Name of the record that stands at a position. */
export function nameAt(place: Place): string {
  return positionOf(place).join('.')
}

export function positionOfName(name: bigint | string): Position {
  return String(name).split('.').map(BigInt)
}

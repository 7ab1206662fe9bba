import type { Position } from '../source.ts'

/** A place in a table's changes: first its rows are read, then its log. */
export type Place =
  /** `next` counts rows, or is the next key: everything before was handed over. The log is read from `file`, `pos` on afterwards. */
  | { readonly phase: 'rows'; readonly file: bigint; readonly pos: bigint; readonly next: bigint }
  /** `next` counts the changes of the table that come behind the event at `pos`. */
  | { readonly phase: 'log'; readonly file: bigint; readonly pos: bigint; readonly next: bigint }

const PHASES = ['rows', 'log'] as const

export function positionOf({ phase, file, pos, next }: Place): Position {
  return [BigInt(PHASES.indexOf(phase)), file, pos, next]
}

export function placeOf([phase, file, pos, next]: Position): Place | undefined {
  const name = PHASES[Number(phase)]
  if (name === undefined || file === undefined || pos === undefined || next === undefined) return undefined
  return { phase: name, file, pos, next }
}

/** Name of the record that stands at a position. */
export function nameAt(place: Place): string {
  return positionOf(place).join('.')
}

export function positionOfName(name: bigint | string): Position {
  return String(name).split('.').map(BigInt)
}

import type { LogPlace } from '../position.ts'
import type { OldTuple, Relation, Tuple } from './pgoutput.ts'

/** What happened to one row, or to all rows of a table. */
export interface RowChange {
  readonly op: 'c' | 'u' | 'd' | 't'
  readonly before: OldTuple | undefined
  readonly after: Tuple | undefined
}

/** A change as it came out of the log. */
export interface Change extends RowChange {
  readonly relation: Relation
  readonly at: LogPlace
  /** Where the log has the change itself; `at` is told by its transaction's commit. */
  readonly lsn: bigint
  readonly xid: number
  /** When it was committed, in milliseconds since 1970. */
  readonly time: number
  /** About how much memory it takes. */
  readonly size: number
}

/** Places of a change: one that changes the key of its row is two messages. */
export const PLACES = 2n

/** Returns what a change is, where `key` are the places of the key's columns: of a changed key a row goes, and another one comes. */
export function splitChange({ op, before, after: logged }: RowChange, key: readonly number[]): RowChange[] {
  if (op !== 'u' || !before || !logged) return [{ op, before, after: logged }]
  // A large value that was left alone is in the old row, where that was logged whole.
  const after = before.isKeyOnly ? logged : logged.map((value, i) => (value === undefined ? before.values[i] : value))
  if (key.every((i) => before.values[i] === after[i])) return [{ op, before, after }]
  return [
    { op: 'd', before, after: undefined },
    { op: 'c', before: undefined, after },
  ]
}

const ROW_BYTES = 100

export function sizeOf({ before, after }: RowChange): number {
  let size = ROW_BYTES
  for (const value of before?.values ?? []) size += value?.length ?? 0
  for (const value of after ?? []) size += value?.length ?? 0
  return size
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../../log/actions.ts'
import { tableColumns } from '../../log/columns.ts'
import { FILE, planScan, ROW } from '../../read/plan.ts'
import { mayHold } from '../../read/prune.ts'
import { withScan } from '../../read/scan.ts'
import type { Snapshot } from '../../read/snapshot.ts'

/** What a change that deletes all rows does to a table with one row for each key. */
export interface Truncation {
  /** Files all of whose rows go. They are not read. */
  readonly emptied: readonly AddFile[]
  /** Files with rows that may be newer, and stay. */
  readonly touched: readonly AddFile[]
  /** The columns that tell. */
  readonly sequenceBy: readonly string[]
  /** Returns SQL that is true where a row goes; of a row without a sequence it is NULL, and the row goes too. */
  holds(row: string): string
}

const SEQUENCE = 'millrace_truncated_at'

export async function truncationOf(
  snapshot: Snapshot,
  truncates: string | undefined,
  sequenceBy: readonly string[],
  source: string,
  connection: DuckDBConnection,
): Promise<Truncation | undefined> {
  if (truncates === undefined) return undefined
  const files = [...snapshot.files.values()]
  const names = sequenceBy.map(quoteName)
  const texts = names.map((name) => `CAST(${name} AS VARCHAR)`)
  const found = await connection.runAndReadAll(`SELECT ${['1', ...texts].join(', ')} FROM ${source} WHERE ${truncates}`)
  const [, first, ...rest] = found.getRows()[0] ?? []
  const [column] = sequenceBy
  if (column === undefined || first == null) {
    return { emptied: files, touched: [], sequenceBy: [], holds: () => 'true' }
  }
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${SEQUENCE} AS SELECT ${names.join(', ')} FROM ${source} WHERE ${truncates}`,
  )
  const columns = tableColumns(snapshot)
  // With several columns, a row with the same value in the first one may be newer by the others.
  const newer = { op: rest.length === 0 ? '>' : '>=', column, value: String(first) } as const
  const mayStay = (file: AddFile) => mayHold(columns, file, newer)
  const of = (row: string) => `row(${names.map((name) => `${row}.${name}`).join(', ')})`
  return {
    emptied: files.filter((file) => !mayStay(file)),
    touched: files.filter(mayStay),
    sequenceBy,
    holds: (row) => `(${of(row)} <= (SELECT ${of('u')} FROM ${SEQUENCE} AS u))`,
  }
}

/** Adds the deleted rows of files that keep other rows to a table of rows. */
export async function addTruncated(
  snapshot: Snapshot,
  { touched, sequenceBy, holds }: Truncation,
  gone: string,
  connection: DuckDBConnection,
): Promise<void> {
  if (touched.length === 0) return
  const scan = { ...planScan(snapshot, { columns: sequenceBy }), files: touched, positions: true }
  await withScan(scan, connection, (rows) =>
    connection.run(`INSERT INTO ${gone} BY NAME SELECT ${FILE}, ${ROW}, false AS replaced FROM (${rows}) AS t
      WHERE coalesce(${holds('t')}, true)`),
  )
}

/** Returns a SELECT of the tombstone of all keys: no key, and the sequence of the change that deletes all rows. */
export function sequencesOfTruncates(
  truncates: string,
  source: string,
  key: readonly string[],
  sequenceBy: readonly string[],
): string {
  const names = [...key, ...sequenceBy].map(quoteName)
  const known = sequenceBy.map((name) => `${quoteName(name)} IS NOT NULL`)
  return `SELECT ${names.join(', ')} FROM ${source} WHERE ${[truncates, ...known].join(' AND ')}`
}

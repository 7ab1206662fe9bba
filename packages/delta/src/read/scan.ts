import type { DuckDBConnection } from '@duckdb/node-api'
import { readableBy } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { locationOf, type TableRef } from '../log/log.ts'
import { unreadableType } from '../log/schema.ts'
import { statsOf } from './bounds.ts'
import { type Calendar, isCalendricalColumn, mayBeOld, wasDate } from './calendar.ts'
import { deletedRows } from './deletion-vector.ts'
import { explainFailure } from './failure.ts'
import { calendarsOf } from './footers.ts'
import { refuseLostColumns } from './lost-columns.ts'
import { refuseRenamedMembers } from './nested-names.ts'
import { planScan, type Scan } from './plan.ts'
import { renderScan, usedColumns } from './scan-sql.ts'
import type { Snapshot } from './snapshot.ts'
import { type StoredAt, storedAt } from './stored-at.ts'

/** A scan whose files DuckDB can read until it is released. */
export interface OpenScan extends AsyncDisposable {
  readonly sql: string
  /** An error of running it, in terms of the table where a file of it is to blame. */
  explain(error: unknown): unknown
  release(): Promise<void>
}

/**
 * The rows as a SELECT for `connection`. A column of a type that we can't read fails when it is selected from
 * it, not before: the rest of the table can be read.
 */
export async function openScan(scan: Scan, connection: DuckDBConnection): Promise<OpenScan> {
  const { table } = scan.snapshot
  const counted = countedRows(scan)
  if (counted !== undefined) return unread(`SELECT NULL AS nothing FROM range(${counted})`)
  const deleted = await deletedRows(table, scan.files)
  const { paths, release } = await readablePaths(table, scan.files, connection)
  try {
    await refuseMismapped(scan, paths, connection)
    const calendars = await oldCalendars(scan, paths, connection)
    const sql = renderScan(scan, paths, { deleted, calendars })
    return { sql, explain: (error) => explainFailure(error, scan, paths), release, [Symbol.asyncDispose]: release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Checks the footers of the files where columns are mapped. */
async function refuseMismapped(scan: Scan, paths: readonly string[], connection: DuckDBConnection): Promise<void> {
  const columns = tableColumns(scan.snapshot)
  try {
    await refuseRenamedMembers(scan, columns, paths, connection)
    await refuseLostColumns(scan, columns, paths, connection)
  } catch (error) {
    throw explainFailure(error, scan, paths)
  }
}

/** The calendars of files, by place, that hold old values. Only the footers of files that may hold such are read. */
async function oldCalendars(
  scan: Scan,
  paths: readonly string[],
  connection: DuckDBConnection,
): Promise<ReadonlyMap<number, Calendar>> {
  const columns = tableColumns(scan.snapshot)
  const fields = usedColumns(scan, columns).filter(
    (field) => isCalendricalColumn(field) && !columns.isPartition(field) && unreadableType(field.type) === undefined,
  )
  const old = scan.files.flatMap((file, index) => (mayBeOld(file, fields, columns.mapping) ? [index] : []))
  if (old.length === 0) return new Map()
  try {
    const found = await calendarsOf(
      old.map((index) => paths[index] ?? ''),
      connection,
      fields.some(wasDate),
    )
    return new Map([...found].map(([place, calendar]) => [old[place] ?? place, calendar]))
  } catch (error) {
    throw explainFailure(error, scan, paths)
  }
}

/** Returns the table's number of rows if its log has it. */
export function rowsByLog(snapshot: Snapshot): bigint | undefined {
  return countedRows(planScan(snapshot, { columns: [] }))
}

/** Returns the number of rows of a scan without columns if the log has it: then no file is opened. */
function countedRows({ columns, where, files, positions }: Scan): bigint | undefined {
  if (columns.length > 0 || where || positions) return undefined
  let rows = 0n
  for (const file of files) {
    const { numRecords } = statsOf(file)
    if (numRecords === undefined || !/^\d+$/.test(numRecords)) return undefined
    rows += BigInt(numRecords) - BigInt(file.deletionVector?.cardinality ?? 0)
  }
  return rows
}

function unread(sql: string): OpenScan {
  const release = async () => {}
  return { sql, explain: (error) => error, release, [Symbol.asyncDispose]: release }
}

/** Opens the scan for as long as `use` takes. */
export async function withScan<T>(
  scan: Scan,
  connection: DuckDBConnection,
  use: (sql: string) => Promise<T>,
): Promise<T> {
  await using open = await openScan(scan, connection)
  try {
    return await use(open.sql)
  } catch (error) {
    throw open.explain(error)
  }
}

/** Returns paths that DuckDB can read the files by, until they are released. */
export async function readablePaths(
  table: TableRef,
  files: readonly AddFile[],
  connection: DuckDBConnection,
): Promise<{ paths: string[]; release: () => Promise<void> }> {
  await using made = new AsyncDisposableStack()
  const places = files.map(({ path }) => storedAt(table, locationOf(table, path)))
  const paths = new Array<string>(files.length)
  for (const [store, indexes] of Map.groupBy(places.keys(), (index) => (places[index] as StoredAt).store)) {
    const readable = await readableBy(
      connection,
      store,
      indexes.map((index) => (places[index] as StoredAt).key),
    )
    made.defer(readable.release)
    for (const [i, index] of indexes.entries()) paths[index] = readable.paths[i] as string
  }
  const held = made.move()
  return { paths, release: () => held.disposeAsync() }
}

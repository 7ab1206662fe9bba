import { ANY, type DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import {
  type ObjectStore,
  type OpenScan,
  openDuckDB,
  openLake,
  openScan,
  openTable,
  planScan,
  quoteName,
  type Snapshot,
  type TableRef,
  versionAt,
} from '@millrace/lake'
import { jsonValue } from './json.ts'
import { BATCH, type RunRecord, readRuns } from './runs.ts'
import { type NamedTable, namedTables } from './table-names.ts'

export interface QueryResult {
  readonly columns: readonly string[]
  /** As JSON: whole numbers beyond what a number holds are text, times are ISO 8601 in UTC. */
  readonly rows: readonly (readonly unknown[])[]
}

/** Tables as they were: at a version of theirs, or at a time in milliseconds since 1970. */
export type AsOf = { readonly version: number } | { readonly time: number }

export interface SqlOptions {
  readonly asOf?: AsOf
}

/** Runs SQL over the lake's tables. A table is opened only when the SQL names it. */
export async function runSql(lake: string, sql: string, { asOf }: SqlOptions = {}): Promise<QueryResult> {
  const engine = await openDuckDB()
  try {
    const connection = await engine.connect()
    await using held = new AsyncDisposableStack()
    const scans = await attachTables(connection, lake, await namedTables(connection, sql), asOf, held)
    return await query(connection, sql, scans)
  } finally {
    engine.close()
  }
}

async function attachTables(
  connection: DuckDBConnection,
  lake: string,
  names: readonly NamedTable[],
  asOf: AsOf | undefined,
  held: AsyncDisposableStack,
): Promise<readonly OpenScan[]> {
  const store = await openLake(lake)
  const run = names.some(({ schema }) => schema === BATCH) ? await runAt(store, asOf) : undefined
  const scans: OpenScan[] = []
  for (const named of names) {
    const snapshot = await snapshotOf(store, named, asOf, run)
    if (!snapshot) continue
    const scan = held.use(await openScan(planScan(snapshot), connection))
    const schema = named.schema === BATCH ? `${quoteName(BATCH)}.` : ''
    if (schema !== '') await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(BATCH)}`)
    await connection.run(`CREATE VIEW ${schema}${quoteName(named.name)} AS ${scan.sql}`).catch((error) => {
      throw scan.explain(error)
    })
    scans.push(scan)
  }
  return scans
}

/** The last run that was finished by then. */
async function runAt(store: ObjectStore, asOf: AsOf | undefined): Promise<RunRecord | undefined> {
  const runs = await readRuns(store)
  return asOf && 'time' in asOf ? runs.find(({ finished }) => finished <= asOf.time) : runs[0]
}

/** Tables of the daily run are as its last row of `batch.runs` says: what a run is still making is not seen. */
async function snapshotOf(
  store: ObjectStore,
  { schema, name }: NamedTable,
  asOf: AsOf | undefined,
  run: RunRecord | undefined,
): Promise<Snapshot | undefined> {
  const table = { store, path: schema === BATCH ? `${BATCH}/${name}` : name }
  if (schema !== '' && schema !== BATCH) return undefined
  const version = run?.versions[table.path]
  if (schema === BATCH && version !== undefined && !(asOf && 'version' in asOf)) return openTable(table, version)
  return openTable(table, asOf && (await versionOf(table, asOf)))
}

async function versionOf(table: TableRef, asOf: AsOf): Promise<number> {
  return 'version' in asOf ? asOf.version : versionAt(table, asOf.time)
}

async function query(connection: DuckDBConnection, sql: string, scans: readonly OpenScan[]): Promise<QueryResult> {
  try {
    const reader = await connection.runAndReadAll(sql)
    const types = reader.columnTypes()
    const rows = reader.getRowsJson().map((row) => row.map((value, i) => jsonValue(value, types[i] ?? ANY)))
    return { columns: reader.columnNames(), rows }
  } catch (error) {
    const cause = scans.reduce((explained, scan) => scan.explain(explained), error)
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

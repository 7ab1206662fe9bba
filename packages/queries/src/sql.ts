import { ANY, type DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import {
  type OpenScan,
  openDuckDB,
  openLake,
  openScan,
  openTable,
  planScan,
  quoteName,
  type TableRef,
  versionAt,
} from '@millrace/lake'
import { jsonValue } from './json.ts'

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
    const scans = await attachTables(connection, lake, tableNames(connection, sql), asOf, held)
    return await query(connection, sql, scans)
  } finally {
    engine.close()
  }
}

function tableNames(connection: DuckDBConnection, sql: string): readonly string[] {
  try {
    return connection.getTableNames(sql, false)
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

async function attachTables(
  connection: DuckDBConnection,
  lake: string,
  names: readonly string[],
  asOf: AsOf | undefined,
  held: AsyncDisposableStack,
): Promise<readonly OpenScan[]> {
  const store = await openLake(lake)
  const scans: OpenScan[] = []
  for (const name of names) {
    const table = { store, path: name }
    const snapshot = await openTable(table, asOf && (await versionOf(table, asOf)))
    if (!snapshot) continue
    const scan = held.use(await openScan(planScan(snapshot), connection))
    await connection.run(`CREATE VIEW ${quoteName(name)} AS ${scan.sql}`).catch((error) => {
      throw scan.explain(error)
    })
    scans.push(scan)
  }
  return scans
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

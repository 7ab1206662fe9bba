import { ANY, type DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type OpenScan, openDuckDB, openLake, openScan, openTable, planScan, quoteName } from '@millrace/lake'
import { jsonValue } from './json.ts'

export interface QueryResult {
  readonly columns: readonly string[]
  /** As JSON: whole numbers beyond what a number holds are text, times are ISO 8601 in UTC. */
  readonly rows: readonly (readonly unknown[])[]
}

/** Runs SQL over the lake's tables. A table is opened only when the SQL names it. */
export async function runSql(lake: string, sql: string): Promise<QueryResult> {
  const engine = await openDuckDB()
  try {
    const connection = await engine.connect()
    await using held = new AsyncDisposableStack()
    const scans = await attachTables(connection, lake, tableNames(connection, sql), held)
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
  held: AsyncDisposableStack,
): Promise<readonly OpenScan[]> {
  const store = await openLake(lake)
  const scans: OpenScan[] = []
  for (const name of names) {
    const snapshot = await openTable({ store, path: name })
    if (!snapshot) continue
    const scan = held.use(await openScan(planScan(snapshot), connection))
    await connection.run(`CREATE VIEW ${quoteName(name)} AS ${scan.sql}`).catch((error) => {
      throw scan.explain(error)
    })
    scans.push(scan)
  }
  return scans
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

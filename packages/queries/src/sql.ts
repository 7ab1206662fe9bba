import { ANY, type DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openDuckDB, openLake, openScan, openTable, planScan, quoteName } from '@millrace/lake'
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
    await using scans = new AsyncDisposableStack()
    await attachTables(connection, lake, tableNames(connection, sql), scans)
    return await query(connection, sql)
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
  scans: AsyncDisposableStack,
): Promise<void> {
  const store = await openLake(lake)
  for (const name of names) {
    const snapshot = await openTable({ store, path: name })
    if (!snapshot) continue
    const { sql } = scans.use(await openScan(planScan(snapshot), connection))
    await connection.run(`CREATE VIEW ${quoteName(name)} AS ${sql}`)
  }
}

async function query(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  try {
    const reader = await connection.runAndReadAll(sql)
    const types = reader.columnTypes()
    const rows = reader.getRowsJson().map((row) => row.map((value, i) => jsonValue(value, types[i] ?? ANY)))
    return { columns: reader.columnNames(), rows }
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

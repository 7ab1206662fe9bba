import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api'
import { FORMATS, rowsOf as jsonRows, type SqlResult, type SqlSession } from '@millrace/queries'
import { type Table, tableFromIPC } from 'apache-arrow'
import type { Row } from './rows.ts'

/** Returns the rows of the last statement that gives any. */
export async function rowsOf(session: SqlSession, sql: string): Promise<Row[]> {
  return (await session.run(sql, asObjects)).at(-1) ?? []
}

/** Runs a query on a connection of one's own. */
export async function rowsIn(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const result = await connection.stream(sql)
  const types = result.columnTypes()
  const columns = result.columnNames().map((name, i) => ({ name, type: types[i] as DuckDBType }))
  return asObjects({ columns, chunks: () => result })
}

async function asObjects(result: Pick<SqlResult, 'columns' | 'chunks'>): Promise<Row[]> {
  const names = result.columns.map(({ name }) => name)
  const rows = (await Array.fromAsync(jsonRows(result))).flat()
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}

export async function arrowOf(session: SqlSession, sql: string): Promise<Table> {
  const results = await session.run(sql, async (result) => {
    const parts: Uint8Array[] = []
    await FORMATS.arrow(result, async (part) => void parts.push(part as Uint8Array))
    return Buffer.concat(parts)
  })
  return tableFromIPC(results.at(-1) ?? new Uint8Array())
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { inOrder, listTables, openScan, planScan, type Snapshot } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { BATCH } from '../runs.ts'
import { type NamedTable, namesOf, type TableNames, viewOf } from './tables.ts'

/** What a statement asks about all tables. */
export type Asked = 'names' | 'columns'

const ASKS_NAMES =
  /^\s*(show|describe|desc)\s*;?\s*$|\bshow\s+(all\s+)?tables\b|\bshow\s+schemas\b|\binformation_schema\b|\bduckdb_(views|tables|columns|schemas)\b|\bsqlite_(master|schema)\b|\bpg_\w+|\bpragma_?\s*show_tables/i

const ASKS_COLUMNS = /columns|attribute|expanded|^\s*(show|describe|desc)\s*;?\s*$|\bshow\s+all\b/i

/** Returns what a statement asks the catalogue. Whoever asks for names alone does not wait for the tables' logs. */
export function askedOfAll(sql: string): Asked | undefined {
  if (!ASKS_NAMES.test(sql)) return undefined
  return ASKS_COLUMNS.test(sql) ? 'columns' : 'names'
}

/** Returns the tables of the lake that SQL can name. */
export async function tablesOfLake(store: ObjectStore, tables: TableNames): Promise<NamedTable[]> {
  return (await listTables(store)).flatMap((path) => {
    const [name = path, schema = '', ...deeper] = path.split('/').toReversed()
    if (deeper.length > 0 || !['', BATCH].includes(schema)) return []
    const names = schema === '' ? namesOf(name, tables) : [name]
    return names.map((each) => ({ schema, name: each, viewName: each }))
  })
}

/** Number of logs that are read at the same time. */
const LOGS_AT_ONCE = 8

/** Creates a view without rows for each table, so that DuckDB's catalogue has its name, or its columns as well. */
export async function createEmptyViews(
  tables: readonly NamedTable[],
  open: ((table: NamedTable) => Promise<Snapshot | undefined>) | undefined,
  connection: DuckDBConnection,
): Promise<void> {
  const schemas = new Set(tables.map(({ schema }) => schema).filter((schema) => schema !== ''))
  for (const schema of schemas) await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`)
  const queries = inOrder(tables, LOGS_AT_ONCE, (table) => emptyQuery(table, open, connection))
  const statements: string[] = []
  for await (const { table, sql } of queries) statements.push(`CREATE VIEW IF NOT EXISTS ${viewOf(table)} AS ${sql}`)
  if (statements.length > 0) await connection.run(statements.join(';\n'))
}

async function emptyQuery(
  table: NamedTable,
  open: ((table: NamedTable) => Promise<Snapshot | undefined>) | undefined,
  connection: DuckDBConnection,
): Promise<{ table: NamedTable; sql: string }> {
  if (open === undefined) return { table, sql: 'SELECT 1' }
  try {
    const snapshot = await open(table)
    if (snapshot === undefined) return { table, sql: 'SELECT 1' }
    await using scan = await openScan({ ...planScan(snapshot), files: [] }, connection)
    return { table, sql: scan.sql }
  } catch (error) {
    // A table that can't be read is in the list all the same, and hurts nobody who does not name it.
    if (!(error instanceof MillraceError)) throw error
    return { table, sql: `SELECT NULL AS ${quoteName(error.code)}` }
  }
}

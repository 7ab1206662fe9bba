import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'

export interface GoldenTable {
  /** SQL that gives the rows which its authors say they wrote. */
  readonly rows: string
}

/** Every table below the folder, also those one level down. */
export function goldenTables(root: string): string[] {
  return readdirSync(root)
    .flatMap((name) => (isTable(join(root, name)) ? [name] : nestedTables(root, name)))
    .sort()
}

function nestedTables(root: string, name: string): string[] {
  const nested = readdirSync(join(root, name)).map((inner) => `${name}/${inner}`)
  const tables = nested.filter((path) => isTable(join(root, path)))
  return tables.length > 0 ? tables : [name]
}

function isTable(folder: string): boolean {
  return existsSync(join(folder, '_delta_log'))
}

/** The rows that only one of the two has, with which one. */
export async function differences(connection: DuckDBConnection, actual: string, expected: string): Promise<unknown[]> {
  const result = await connection.runAndReadAll(`
    WITH actual AS MATERIALIZED (${actual}), expected AS MATERIALIZED (${expected})
    (SELECT 'unexpected' AS difference, * FROM (FROM actual EXCEPT ALL FROM expected)) UNION ALL
    (SELECT 'missing' AS difference, * FROM (FROM expected EXCEPT ALL FROM actual)) LIMIT 5`)
  return result.getRowsJson()
}

export async function columnNames(connection: DuckDBConnection, query: string): Promise<string[]> {
  return (await connection.runAndReadAll(`SELECT * FROM (${query}) LIMIT 0`)).columnNames()
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteText } from '@millrace/lake'

/** A table as the SQL names it. */
export interface NamedTable {
  readonly schema: string
  readonly name: string
}

/** The tables that the SQL names, and maybe names of its own (WITH) among them. */
export async function namedTables(connection: DuckDBConnection, sql: string): Promise<NamedTable[]> {
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoteText(sql)})`)
  const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]))
  const found = new Map<string, NamedTable>()
  if ((tree as { error?: boolean }).error) {
    // No SELECT, or no SQL: DuckDB's own list is blind for tables joined by USING, but takes every statement.
    for (const name of listedTables(connection, sql)) found.set(name, { schema: '', name })
  } else collect(tree, found)
  return [...found.values()]
}

function listedTables(connection: DuckDBConnection, sql: string): readonly string[] {
  try {
    return connection.getTableNames(sql, false)
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

function collect(node: unknown, found: Map<string, NamedTable>): void {
  if (Array.isArray(node)) for (const part of node) collect(part, found)
  if (typeof node !== 'object' || node === null) return
  const { type, schema_name, table_name } = node as Record<string, unknown>
  if (type === 'BASE_TABLE') {
    const [schema, name] = [String(schema_name), String(table_name)]
    found.set(`${schema}.${name}`, { schema, name })
  }
  for (const part of Object.values(node)) collect(part, found)
}

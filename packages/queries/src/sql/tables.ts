import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type Node, partsOf, renderSelects, replaced } from './tree.ts'

/** Tables as they were: at a version of theirs, or at a time in milliseconds since 1970. */
export type AsOf = { readonly version: number } | { readonly time: number }

/** A table as the SQL names it. */
export interface NamedTable {
  readonly schema: string
  readonly name: string
  /** `AT (VERSION => 3)` */
  readonly at?: AsOf
  /** What DuckDB is to know it by. */
  readonly viewName: string
}

/** The tables that SELECTs name, and maybe names of their own (WITH) among them. */
export function tablesOf(tree: Node): NamedTable[] {
  const found = [...partsOf(tree)].filter(({ type }) => type === 'BASE_TABLE').map(tableOf)
  return [...new Map(found.map((table) => [keyOf(table), table])).values()]
}

/** SQL does not tell `ORDERS` from `orders`. */
export function keyOf({ schema, viewName }: NamedTable): string {
  return `${schema}.${viewName}`.toLowerCase()
}

export function tableOf({ schema_name, table_name, at_clause }: Node): NamedTable {
  const [schema, name] = [String(schema_name), String(table_name)]
  if (!at_clause) return { schema, name, viewName: name }
  const at = momentOf(at_clause as Node)
  return { schema, name, at, viewName: `${name} at ${'version' in at ? at.version : new Date(at.time).toISOString()}` }
}

/** For statements that are no SELECT, in which DuckDB itself finds the names, but not their schema. */
export function listedTables(connection: DuckDBConnection, sql: string): NamedTable[] {
  try {
    return connection.getTableNames(sql, true).map((qualified) => {
      const [name = '', schema = ''] = qualified.split('.').map(unquoted).toReversed()
      return { schema, name, viewName: name }
    })
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"')
}

function momentOf({ unit, expr }: Node): AsOf {
  const text = String(constantOf(expr as Node))
  if (unit === 'VERSION' && /^\d+$/.test(text)) return { version: Number(text) }
  const time = unit === 'TIMESTAMP' ? timeOf(text) : undefined
  if (time !== undefined) return { time }
  throw new MillraceError('QUERY_FAILED', `AT (${unit} => …) with something that is neither a version nor a time`, {
    next: "Write AT (VERSION => 3) or AT (TIMESTAMP => '2026-01-31 12:00:00').",
  })
}

function constantOf({ type, value, child }: Node): unknown {
  if (type === 'OPERATOR_CAST') return constantOf(child as Node)
  return type === 'VALUE_CONSTANT' ? (value as Node).value : undefined
}

/** Milliseconds since 1970; what has no zone is UTC. */
export function timeOf(text: string): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const time = Date.parse(isDay || /([zZ]|[+-]\d\d(:?\d\d)?)$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : time
}

/** The SQL with older versions of tables under the names that they have as views. */
export async function withViewNames(connection: DuckDBConnection, tree: Node, sql: string): Promise<string> {
  if (!tablesOf(tree).some(({ at }) => at !== undefined)) return sql
  const renamed = replaced(tree, (node) => {
    if (node.type !== 'BASE_TABLE' || !node.at_clause) return node
    return { ...node, table_name: tableOf(node).viewName, alias: node.alias || node.table_name, at_clause: null }
  })
  return renderSelects(connection, renamed as Node)
}

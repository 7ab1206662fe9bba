import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import { type Node, partsOf, renderSelects, replaced } from './tree.ts'

/** Version of a table, or a time in milliseconds since 1970, at which to read it. */
export type AsOf = { readonly version: number } | { readonly time: number }

/** Tables of the lake that are not called as their data set is, by the data set's name, which SQL has. */
export type TableNames = Readonly<Record<string, string>>

/** Returns the table of the lake that a name means. */
export function pathOf(name: string, tables: TableNames): string {
  return Object.hasOwn(tables, name) ? String(tables[name]) : name
}

/** Returns the names that a table of the lake has in SQL. */
export function namesOf(path: string, tables: TableNames): readonly string[] {
  const datasets = Object.keys(tables).filter((name) => tables[name] === path)
  return datasets.length > 0 || Object.hasOwn(tables, path) ? datasets : [path]
}

/** Table reference in SQL. */
export interface NamedTable {
  readonly schema: string
  readonly name: string
  /** Version or time of the reference, such as `AT (VERSION => 3)`. */
  readonly at?: AsOf
  /** Name of its view in DuckDB. */
  readonly viewName: string
}

/** Returns the tables that SELECTs name. Names from WITH clauses may be among them. */
export function tablesOf(tree: Node): NamedTable[] {
  const found = [...partsOf(tree)].filter(({ type }) => type === 'BASE_TABLE').map(tableOf)
  return [...new Map(found.map((table) => [keyOf(table), table])).values()]
}

/** Returns the table's key, in lower case because SQL names are case-insensitive. */
export function keyOf({ schema, viewName }: NamedTable): string {
  return `${schema}.${viewName}`.toLowerCase()
}

/** Returns the name of the table's view in SQL, in full: the session may have a table of the same name. */
export function viewOf({ schema, viewName }: NamedTable): string {
  return `memory.${quoteName(schema || DEFAULT_SCHEMA)}.${quoteName(viewName)}`
}

export function tableOf({ schema_name, table_name, at_clause }: Node): NamedTable {
  const [schema, name] = [schemaOf(String(schema_name)), String(table_name)]
  if (!at_clause) return { schema, name, viewName: name }
  const at = momentOf(at_clause as Node)
  return { schema, name, at, viewName: `${name} at ${'version' in at ? at.version : new Date(at.time).toISOString()}` }
}

/** Returns the tables of statements other than SELECT, by the names that DuckDB finds in them. */
export function listedTables(connection: DuckDBConnection, sql: string): NamedTable[] {
  try {
    return connection.getTableNames(sql, true).map((qualified) => {
      const [name = '', schema = ''] = qualified.split('.').map(unquoted).toReversed()
      return { schema: schemaOf(schema), name, viewName: name }
    })
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', (cause as Error).message, { cause })
  }
}

/** DuckDB's name for the schema of names that have none. */
const DEFAULT_SCHEMA = 'main'

export function schemaOf(written: string): string {
  return written.toLowerCase() === DEFAULT_SCHEMA ? '' : written
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

/** Parses a time into milliseconds since 1970. Without a zone it is in UTC. */
export function timeOf(text: string): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const time = Date.parse(isDay || /([zZ]|[+-]\d\d(:?\d\d)?)$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : time
}

/** Replaces references to older versions of tables by the names of their views. */
export async function withViewNames(connection: DuckDBConnection, tree: Node, sql: string): Promise<string> {
  if (!tablesOf(tree).some(({ at }) => at !== undefined)) return sql
  const renamed = replaced(tree, (node) => {
    if (node.type !== 'BASE_TABLE' || !node.at_clause) return node
    return { ...node, table_name: tableOf(node).viewName, alias: node.alias || node.table_name, at_clause: null }
  })
  return renderSelects(connection, renamed as Node)
}

/** Returns the name of a table as SQL has it. */
export function nameOf({ schema, name }: Pick<NamedTable, 'schema' | 'name'>): string {
  return schema === '' ? name : `${schema}.${name}`
}

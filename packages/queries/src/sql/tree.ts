import type { DuckDBConnection } from '@duckdb/node-api'
import { isExactNumber, parseExactly } from '@millrace/base'
import { quoteText } from '@millrace/engine'

/** Node of the syntax tree of DuckDB's parser. */
export type Node = Readonly<Record<string, unknown>>

/** Parses SELECT statements. Returns undefined if there is another statement among them or a syntax error. */
export async function parseSelects(connection: DuckDBConnection, sql: string): Promise<Node | undefined> {
  const tree = parseExactly(await textOf(connection, `json_serialize_sql(${quoteText(sql)})`)) as Node
  return tree.error === true ? undefined : tree
}

/** Converts a syntax tree to SQL. */
export function renderSelects(connection: DuckDBConnection, tree: Node): Promise<string> {
  return textOf(connection, `json_deserialize_sql(${quoteText(JSON.stringify(tree))}::JSON)`)
}

async function textOf(connection: DuckDBConnection, expression: string): Promise<string> {
  return String((await connection.runAndReadAll(`SELECT ${expression}`)).getRows()[0]?.[0])
}

/** Yields the nodes of a tree, outer ones first. */
export function* partsOf(tree: unknown): Generator<Node> {
  if (typeof tree !== 'object' || tree === null) return
  if (!Array.isArray(tree)) yield tree as Node
  for (const part of Object.values(tree)) yield* partsOf(part)
}

/** Table functions that read no file and no table by name. */
const CLOSED_FUNCTIONS = new Set(['range', 'generate_series', 'unnest'])

/** Whether a node is a table function that may read files or tables by name. */
export function isOpenFunction({ type, function: called }: Node): boolean {
  const name = String((called as Node | undefined)?.function_name).toLowerCase()
  return type === 'TABLE_FUNCTION' && !CLOSED_FUNCTIONS.has(name)
}

export function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value : []
}

/** Returns the names that a statement defines in WITH clauses. */
export function ownNames(tree: Node): ReadonlySet<string> {
  const names = [...partsOf(tree)].flatMap(({ cte_map }) => nodesOf((cte_map as Node | undefined)?.map))
  return new Set(names.map(({ key }) => String(key).toLowerCase()))
}

/** Returns a copy of the tree in which `change` has been applied to every node. */
export function replaced(tree: unknown, change: (node: Node) => Node): unknown {
  if (typeof tree !== 'object' || tree === null || isExactNumber(tree)) return tree
  if (Array.isArray(tree)) return tree.map((part) => replaced(part, change))
  const parts = Object.entries(tree).map(([key, part]) => [key, replaced(part, change)])
  return change(Object.fromEntries(parts))
}

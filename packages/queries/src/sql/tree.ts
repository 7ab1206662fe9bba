import type { DuckDBConnection } from '@duckdb/node-api'
import { isExactNumber, parseExactly } from '@millrace/base'
import { quoteText } from '@millrace/engine'

/** A part of a statement as DuckDB's parser leaves it. */
export type Node = Readonly<Record<string, unknown>>

/** What DuckDB's parser makes of SELECTs; undefined: something else is among the statements, or it is no SQL. */
export async function parseSelects(connection: DuckDBConnection, sql: string): Promise<Node | undefined> {
  const tree = parseExactly(await textOf(connection, `json_serialize_sql(${quoteText(sql)})`)) as Node
  return tree.error === true ? undefined : tree
}

/** The tree as SQL again. */
export function renderSelects(connection: DuckDBConnection, tree: Node): Promise<string> {
  return textOf(connection, `json_deserialize_sql(${quoteText(JSON.stringify(tree))}::JSON)`)
}

async function textOf(connection: DuckDBConnection, expression: string): Promise<string> {
  return String((await connection.runAndReadAll(`SELECT ${expression}`)).getRows()[0]?.[0])
}

/** The tree's parts, from the outside inwards. */
export function* partsOf(tree: unknown): Generator<Node> {
  if (typeof tree !== 'object' || tree === null) return
  if (!Array.isArray(tree)) yield tree as Node
  for (const part of Object.values(tree)) yield* partsOf(part)
}

export function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value : []
}

/** The names that a statement gives to parts of its own (WITH). */
export function ownNames(tree: Node): ReadonlySet<string> {
  const names = [...partsOf(tree)].flatMap(({ cte_map }) => nodesOf((cte_map as Node | undefined)?.map))
  return new Set(names.map(({ key }) => String(key).toLowerCase()))
}

/** The tree with some of its parts put another way. */
export function replaced(tree: unknown, change: (node: Node) => Node): unknown {
  if (typeof tree !== 'object' || tree === null || isExactNumber(tree)) return tree
  if (Array.isArray(tree)) return tree.map((part) => replaced(part, change))
  const parts = Object.entries(tree).map(([key, part]) => [key, replaced(part, change)])
  return change(Object.fromEntries(parts))
}

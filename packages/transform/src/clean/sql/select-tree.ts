import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import type { Expression } from './expressions.ts'

/** The engine's tree of a statement, as far as it matters here. */
export interface Select {
  readonly type: string
  readonly cte_map: { readonly map: readonly { readonly value: { readonly query: Query } }[] }
  readonly select_list: readonly Expression[]
  readonly from_table: { readonly type: string; readonly subquery?: Query }
  readonly [clause: string]: unknown
}

export interface Query {
  readonly node: Select
}

interface Statements {
  readonly statements: readonly [{ readonly node: Select }]
}

/** Returns the SQL of a SELECT after its tree has been changed. Throws where `change` throws. */
export async function rewriteSelect(
  sql: string,
  connection: DuckDBConnection,
  change: (select: Select) => Select,
): Promise<string> {
  const first = async (query: string) => String((await connection.runAndReadAll(query)).getRows()[0]?.[0])
  const tree = await first(`SELECT json_serialize_sql(${quoteText(sql)})`)
  const [statement] = (JSON.parse(tree, withoutPlaces) as Statements).statements
  const changed = { statements: [{ ...statement, node: change(statement.node) }] }
  return first(`SELECT json_deserialize_sql(${quoteText(JSON.stringify(changed))})`)
}

/** Leaves out where in the text something stands: a number that JavaScript can't hold. */
function withoutPlaces(key: string, value: unknown): unknown {
  return key === 'query_location' ? undefined : value
}

const CLAUSES = ['where_clause', 'having', 'sample', 'qualify'] as const
const LISTS = ['modifiers', 'group_expressions', 'group_sets'] as const

/** Returns whether the SELECT makes a row of each row of one table or subquery, and does nothing else. */
export function isProjection(select: Select): boolean {
  return (
    select.type === 'SELECT_NODE' &&
    ['BASE_TABLE', 'SUBQUERY'].includes(select.from_table.type) &&
    CLAUSES.every((clause) => (select[clause] ?? null) === null) &&
    LISTS.every((list) => (select[list] as readonly unknown[]).length === 0)
  )
}

/** Returns the SELECT with `change` made in each query that it selects from. */
export function inEachQuery(select: Select, change: (select: Select) => Select): Select {
  const within = (query: Query): Query => ({ ...query, node: change(query.node) })
  const { cte_map, from_table } = select
  return {
    ...select,
    cte_map: { map: cte_map.map.map((cte) => ({ ...cte, value: { ...cte.value, query: within(cte.value.query) } })) },
    from_table: from_table.subquery ? { ...from_table, subquery: within(from_table.subquery) } : from_table,
  }
}

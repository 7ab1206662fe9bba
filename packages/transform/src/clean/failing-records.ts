import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { failedBits } from '../dataset/expectations.ts'
import { cleanRows, emptyRaw, FAILED } from './queries.ts'

/** Returns a SELECT of the columns, `millrace_at`, `millrace_fails` and FAILED, given one of `millrace_at` and the fields. */
export type MarkFailing = (records: string) => string

/** Names in the rewritten SQL: the records, their places, and whether one has failed. */
const RECORDS = 'millrace_records'
const AT = 'millrace_at'
const FAILS = 'millrace_fails'

/** Marks none, and keeps no columns. */
export const markNone: MarkFailing = (records) => `SELECT ${AT}, false AS ${FAILS}, 0 AS ${FAILED} FROM (${records})`

/**
 * Rewrites the cleaning SQL so that an error marks its record and does not end the statement: what a SELECT computes
 * goes into a TRY. Returns undefined where TRY can't say it: a subquery in an expression, a join, an aggregate. A mark
 * is a guess: the true SQL may never come to that error.
 */
export async function markFailing(dataset: Dataset, connection: DuckDBConnection): Promise<MarkFailing | undefined> {
  const first = async (sql: string) => String((await connection.runAndReadAll(sql)).getRows()[0]?.[0])
  try {
    const sql = cleanRows(dataset, `SELECT * FROM ${RECORDS}`, failedBits(dataset.expectations))
    const [statement] = JSON.parse(
      await first(`SELECT json_serialize_sql(${quoteText(sql)})`),
      withoutPlaces,
    ).statements
    const marked = { statements: [{ ...statement, node: markSelect(statement.node) }] }
    const text = await first(`SELECT json_deserialize_sql(${quoteText(JSON.stringify(marked))})`)
    const mark: MarkFailing = (records) =>
      `WITH ${RECORDS} AS (SELECT *, false AS ${FAILS} FROM (${records})) SELECT * FROM (${text})`
    await connection.run(mark(`SELECT 0 AS ${AT}, * FROM (${emptyRaw(dataset)})`))
    return mark
  } catch {
    return undefined
  }
}

/** Leaves out where in the text something stands: a number that JavaScript can't hold. */
function withoutPlaces(key: string, value: unknown): unknown {
  return key === 'query_location' ? undefined : value
}

/** The engine's tree of a statement, as far as it matters here. */
interface Select {
  readonly type: string
  readonly cte_map: { readonly map: readonly { readonly value: { readonly query: Query } }[] }
  readonly select_list: readonly Expression[]
  readonly from_table: { readonly type: string; readonly subquery?: Query }
  readonly [clause: string]: unknown
}

interface Query {
  readonly node: Select
}

interface Expression {
  readonly class: string
  readonly type: string
  readonly alias?: string
  /** Of `*`: what it leaves out, and `* REPLACE (value AS key)`. */
  readonly exclude_list?: readonly string[]
  readonly replace_list?: readonly { readonly key: string; readonly value: Expression }[]
  readonly [part: string]: unknown
}

/** Returns the SELECT with each record's place and mark carried along; throws where it is more than a projection. */
function markSelect(select: Select): Select {
  if (!isProjection(select)) throw new Error('not a projection')
  const { cte_map, select_list, from_table } = select
  const columns = select_list.map(tryColumn)
  const failures = columns.flatMap(({ tried }) => tried).map((value) => operator('OPERATOR_IS_NULL', value))
  return {
    ...select,
    cte_map: {
      map: cte_map.map.map((cte) => ({ ...cte, value: { ...cte.value, query: markQuery(cte.value.query) } })),
    },
    from_table: from_table.subquery ? { ...from_table, subquery: markQuery(from_table.subquery) } : from_table,
    select_list: [
      ...columns.map(({ column }) => column),
      nameOf(AT),
      // An OR would have each of them computed a second time.
      { ...call('greatest', [nameOf(FAILS), ...failures]), alias: FAILS },
    ],
  }
}

function markQuery(query: Query): Query {
  return { ...query, node: markSelect(query.node) }
}

const CLAUSES = ['where_clause', 'having', 'sample', 'qualify'] as const
const LISTS = ['modifiers', 'group_expressions', 'group_sets'] as const

function isProjection(select: Select): boolean {
  return (
    select.type === 'SELECT_NODE' &&
    ['BASE_TABLE', 'SUBQUERY'].includes(select.from_table.type) &&
    CLAUSES.every((clause) => (select[clause] ?? null) === null) &&
    LISTS.every((list) => (select[list] as readonly unknown[]).length === 0)
  )
}

/** Returns the column with NULL in place of an error, and what is NULL only then. */
function tryColumn(column: Expression): { readonly column: Expression; readonly tried: readonly Expression[] } {
  if (column.class === 'COLUMN_REF' || column.class === 'CONSTANT') return { column, tried: [] }
  if (column.class !== 'STAR') {
    const tried = tryRow(column)
    return { column: { ...firstOf(tried), alias: column.alias ?? '' }, tried: [tried] }
  }
  const replaced = (column.replace_list ?? []).map(({ key, value }) => ({ key, tried: tryRow(value) }))
  const star = {
    ...column,
    exclude_list: [...(column.exclude_list ?? []), AT, FAILS],
    replace_list: replaced.map(({ key, tried }) => ({ key, value: firstOf(tried) })),
  }
  return { column: star, tried: replaced.map(({ tried }) => tried) }
}

/**
 * Returns a row of the expression, or NULL where it fails. The engine computes what a SELECT has twice before all else,
 * outside of the TRY, and leaves alone what a CASE may never come to.
 */
function tryRow(expression: Expression): Expression {
  const hash = call('hash', [nameOf(AT)])
  const never = { class: 'COMPARISON', type: 'COMPARE_EQUAL', alias: '', left: hash, right: constant('INTEGER', 0) }
  const row = call('row', [{ ...withoutErrorCalls(expression), alias: '' }])
  const either = {
    ...{ class: 'CASE', type: 'CASE_EXPR', alias: '', else_expr: row },
    case_checks: [{ when_expr: never, then_expr: constant('NULL', null) }],
  }
  return operator('OPERATOR_TRY', either)
}

function firstOf(row: Expression): Expression {
  return call('struct_extract', [row, constant('INTEGER', 1)])
}

/** TRY takes no function that is said to give another result each time, as error() is: a cast fails as well. */
function withoutErrorCalls<T>(part: T): T {
  if (Array.isArray(part)) return part.map(withoutErrorCalls) as T
  if (typeof part !== 'object' || part === null) return part
  const { function_name, children } = part as { readonly function_name?: string; readonly children?: Expression[] }
  if (function_name !== 'error') {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withoutErrorCalls(value)])) as T
  }
  const text = call('||', [constant('VARCHAR', 'no number: '), ...(children ?? [])])
  return cast(cast(text, 'INTEGER'), 'NULL') as T
}

function operator(type: string, child: Expression): Expression {
  return { class: 'OPERATOR', type, alias: '', children: [child] }
}

function call(function_name: string, children: readonly Expression[]): Expression {
  return { class: 'FUNCTION', type: 'FUNCTION', alias: '', function_name, children }
}

function cast(child: Expression, id: string): Expression {
  return { class: 'CAST', type: 'OPERATOR_CAST', alias: '', child, cast_type: { id, type_info: null }, try_cast: false }
}

function nameOf(column: string): Expression {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [column] }
}

function constant(id: string, value: unknown): Expression {
  const typed = { type: { id, type_info: null }, is_null: value === null, ...(value !== null && { value }) }
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value: typed }
}

import type { DuckDBConnection } from '@duckdb/node-api'
import type { Dataset } from '../../dataset/dataset.ts'
import { failedBits } from '../../dataset/expectations.ts'
import { call, type Expression, firstOf, nameOf, operator, tryRow } from '../sql/expressions.ts'
import { cleanRows, emptyRaw, FAILED, type MarkFailing } from '../sql/queries.ts'
import { inEachQuery, isProjection, rewriteSelect, type Select } from '../sql/select-tree.ts'

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
  try {
    const sql = cleanRows(dataset, `SELECT * FROM ${RECORDS}`, failedBits(dataset.expectations))
    const text = await rewriteSelect(sql, connection, markSelect)
    const mark: MarkFailing = (records) =>
      `WITH ${RECORDS} AS (SELECT *, false AS ${FAILS} FROM (${records})) SELECT * FROM (${text})`
    await connection.run(mark(`SELECT 0 AS ${AT}, * FROM (${emptyRaw(dataset)})`))
    return mark
  } catch {
    return undefined
  }
}

/** Returns the SELECT with each record's place and mark carried along; throws where it is more than a projection. */
function markSelect(select: Select): Select {
  if (!isProjection(select)) throw new Error('not a projection')
  const columns = select.select_list.map(tryColumn)
  const failures = columns.flatMap(({ tried }) => tried).map((value) => operator('OPERATOR_IS_NULL', value))
  return {
    ...inEachQuery(select, markSelect),
    select_list: [
      ...columns.map(({ column }) => column),
      nameOf(AT),
      // An OR would have each of them computed a second time.
      { ...call('greatest', [nameOf(FAILS), ...failures]), alias: FAILS },
    ],
  }
}

/** Returns the column with NULL in place of an error, and what is NULL only then. */
function tryColumn(column: Expression): { readonly column: Expression; readonly tried: readonly Expression[] } {
  if (column.class === 'COLUMN_REF' || column.class === 'CONSTANT') return { column, tried: [] }
  if (column.class !== 'STAR') {
    const tried = tryRow(column, nameOf(AT))
    return { column: { ...firstOf(tried), alias: column.alias ?? '' }, tried: [tried] }
  }
  const replaced = (column.replace_list ?? []).map(({ key, value }) => ({ key, tried: tryRow(value, nameOf(AT)) }))
  const star = {
    ...column,
    exclude_list: [...(column.exclude_list ?? []), AT, FAILS],
    replace_list: replaced.map(({ key, tried }) => ({ key, value: firstOf(tried) })),
  }
  return { column: star, tried: replaced.map(({ tried }) => tried) }
}

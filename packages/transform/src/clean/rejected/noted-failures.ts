import type { DuckDBConnection } from '@duckdb/node-api'
import { NOTE, type Notes, quoteName } from '@millrace/engine'
import type { Dataset } from '../../dataset/dataset.ts'
import { expectationBits, failedBits } from '../../dataset/expectations.ts'
import { markSubqueries, PLACE_OF_MESSAGE } from '../sql/mark-subqueries.ts'
import { cleanRows, emptyRaw, FAILED, notTaken, placeColumn } from '../sql/queries.ts'
import { rewriteSelect } from '../sql/select-tree.ts'
import { isAboutRecords } from './record-error.ts'

/**
 * Returns the places of those records for which the SQL may fail, or whose row is not to be taken. `records` is a SELECT
 * of `millrace_at` and the fields.
 */
export type NoteFailures = (
  connection: DuckDBConnection,
  records: string,
  refusal: string | undefined,
) => Promise<readonly number[]>

/**
 * Rewrites the cleaning SQL so that an error is noted and does not end the statement, in joins, aggregates and
 * subqueries too: each record is cleaned by itself, in a subquery that knows its place, and a function of ours is
 * called with the place where a TRY fails. Returns undefined where the engine does not take the SQL so.
 */
export async function noteFailures(
  dataset: Dataset,
  connection: DuckDBConnection,
  notes: Notes,
): Promise<NoteFailures | undefined> {
  try {
    const fields = dataset.fields.map(({ name }) => `message.${quoteName(name)} AS ${quoteName(name)}`)
    const raw = `SELECT ${[...fields, ...placeColumn(dataset, 'message.millrace_at'), `${PLACE_OF_MESSAGE.join('.')} AS ${PLACE_OF_MESSAGE[1]}`].join(', ')}`
    const aggregates = await aggregateNames(connection)
    const sql = cleanRows(dataset, raw, failedBits(dataset.expectations))
    const text = await rewriteSelect(sql, connection, (select) => markSubqueries(select, aggregates))
    const unfit = expectationBits(dataset.expectations, 'quarantine', 'stop')
    const note: NoteFailures = async (on, records, refusal) => {
      const place = PLACE_OF_MESSAGE[1]
      const isBad = `${FAILED} & ${unfit} <> 0 OR ${notTaken(dataset, refusal)}`
      try {
        return await notes.collect(on, (first) => {
          const message = `SELECT *, ${first}::BIGINT + millrace_at AS ${place} FROM (${records})`
          const rows = `SELECT clean.*, message.${place} FROM (${message}) AS message, LATERAL (${text}) AS clean`
          const bad = `count(CASE WHEN ${isBad} THEN ${NOTE}(${place}) END)`
          return on.run(`SELECT bit_xor(hash(clean)), ${bad} FROM (${rows}) AS clean`)
        })
      } catch (error) {
        // Something failed where no TRY stands.
        if (isAboutRecords(error)) return []
        throw error
      }
    }
    await note(connection, `SELECT 0 AS millrace_at, * FROM (${emptyRaw(dataset)})`, undefined)
    return note
  } catch {
    return undefined
  }
}

async function aggregateNames(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  )
  return new Set(reader.getRows().map(([name]) => String(name)))
}

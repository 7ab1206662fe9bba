import { BIGINT, BOOLEAN, type DuckDBConnection, DuckDBScalarFunction } from '@duckdb/node-api'
import { quoteName } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { expectationBits, failedBits } from '../dataset/expectations.ts'
import { markSubqueries, NOTE, PLACE_OF_MESSAGE } from './mark-subqueries.ts'
import { cleanRows, emptyRaw, FAILED, notTaken, placeColumn } from './queries.ts'
import { isAboutRecords } from './record-error.ts'
import { rewriteSelect } from './select-tree.ts'

/**
 * Returns the places of those records for which the SQL may fail, or whose row is not to be taken. `records` is a SELECT
 * of `millrace_at` and the fields.
 */
export type NoteFailures = (
  connection: DuckDBConnection,
  records: string,
  refusal: string | undefined,
) => Promise<readonly number[]>

/** What each call has noted, by its number: the function is one for all connections of an engine. */
const noted = new Map<number, Set<number>>()
let calls = 0

/** A place as the function gets it: the number of the call, then the place in so many bits. */
const PLACE_BITS = 31n

/**
 * Rewrites the cleaning SQL so that an error is noted and does not end the statement, in joins, aggregates and
 * subqueries too: each record is cleaned by itself, in a subquery that knows its place, and a function of ours is
 * called with the place where a TRY fails. Returns undefined where the engine does not take the SQL so.
 */
export async function noteFailures(dataset: Dataset, connection: DuckDBConnection): Promise<NoteFailures | undefined> {
  try {
    connection.registerScalarFunction(noteFunction())
    const fields = dataset.fields.map(({ name }) => `message.${quoteName(name)} AS ${quoteName(name)}`)
    const raw = `SELECT ${[...fields, ...placeColumn(dataset, 'message.millrace_at'), `${PLACE_OF_MESSAGE.join('.')} AS ${PLACE_OF_MESSAGE[1]}`].join(', ')}`
    const aggregates = await aggregateNames(connection)
    const sql = cleanRows(dataset, raw, failedBits(dataset.expectations))
    const text = await rewriteSelect(sql, connection, (select) => markSubqueries(select, aggregates))
    const unfit = expectationBits(dataset.expectations, 'quarantine', 'stop')
    const note: NoteFailures = async (on, records, refusal) => {
      const call = ++calls
      const places = new Set<number>()
      noted.set(call, places)
      const place = PLACE_OF_MESSAGE[1]
      const message = `SELECT *, ${BigInt(call) << PLACE_BITS}::BIGINT + millrace_at AS ${place} FROM (${records})`
      const rows = `SELECT clean.*, message.${place} FROM (${message}) AS message, LATERAL (${text}) AS clean`
      const isBad = `${FAILED} & ${unfit} <> 0 OR ${notTaken(dataset, refusal)}`
      try {
        await on.run(
          `SELECT bit_xor(hash(clean)), count(CASE WHEN ${isBad} THEN ${NOTE}(${place}) END) FROM (${rows}) AS clean`,
        )
        return [...places].sort((a, b) => a - b)
      } catch (error) {
        // Something failed where no TRY stands.
        if (isAboutRecords(error)) return []
        throw error
      } finally {
        noted.delete(call)
      }
    }
    await note(connection, `SELECT 0 AS millrace_at, * FROM (${emptyRaw(dataset)})`, undefined)
    return note
  } catch {
    return undefined
  }
}

function noteFunction(): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    ...{ name: NOTE, parameterTypes: [BIGINT], returnType: BOOLEAN, volatile: true },
    mainFunction(_info, chunk, output) {
      const places = chunk.getColumnVector(0)
      for (let row = 0; row < chunk.rowCount; row++) {
        const place = places.getItem(row) as bigint
        noted.get(Number(place >> PLACE_BITS))?.add(Number(BigInt.asUintN(Number(PLACE_BITS), place)))
        output.setItem(row, true)
      }
      output.flush()
    },
  })
}

async function aggregateNames(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  )
  return new Set(reader.getRows().map(([name]) => String(name)))
}

import type { DuckDBConnection } from '@duckdb/node-api'
import type { Dataset } from '../../dataset/dataset.ts'
import { PLACE } from '../sql/changes.ts'
import { SECOND_FILE } from '../sql/queries.ts'
import type { Selection } from './selection.ts'

const TABLE = 'millrace_places'

/** Whether a selection has every value of its blocks: its order is theirs then. */
export function isWhole({ blocks, length }: Selection): boolean {
  return blocks.reduce((sum, { count }) => sum + count, 0) === length
}

/** Makes a temporary table that says of each value of two selections where it stands among all values of the blocks. */
export async function createPlaces(connection: DuckDBConnection, selections: readonly Selection[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLE} (part INTEGER, nth BIGINT, place BIGINT)`)
  const appender = await connection.createAppender(TABLE)
  for (const [part, { blocks, length, block, index }] of selections.entries()) {
    let before = 0
    const starts = blocks.map(({ count }) => {
      before += count
      return before - count
    })
    for (let at = 0; at < length; at++) {
      appender.appendInteger(part)
      appender.appendBigInt(BigInt(at))
      appender.appendBigInt(BigInt((starts[block[at] ?? 0] ?? 0) + (index[at] ?? 0)))
      appender.endRow()
    }
  }
  appender.closeSync()
}

/**
 * Returns the rows of a keyed data set with the places that they have among all values of the blocks: of those read
 * together, which `together` has, or of those read one by one. Other rows stay as they are.
 */
export function placed({ keyed }: Dataset, rows: string, together?: Selection): string {
  if (!keyed) return rows
  return `SELECT millrace_rows.* REPLACE (millrace_known.place AS ${PLACE}) FROM (${rows}) AS millrace_rows
    JOIN ${TABLE} AS millrace_known ON millrace_known.part = ${together ? 0 : 1} AND millrace_known.nth = ${together ? nth(together) : PLACE}`
}

/** The same where all values of the blocks are read together. */
export function placedInOrder({ keyed }: Dataset, rows: string, together: Selection): string {
  return keyed ? `SELECT * REPLACE (${nth(together)} AS ${PLACE}) FROM (${rows})` : rows
}

/** Returns SQL for the number of a value among those that were written into two files. */
function nth({ length }: Selection): string {
  return `CASE WHEN ${PLACE} >= ${SECOND_FILE} THEN ${PLACE} - ${SECOND_FILE} + ${length >>> 1} ELSE ${PLACE} END`
}

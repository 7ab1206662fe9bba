import type { Connection as CoreConnection } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { flooded, guardFlood } from '../../mysql/flood-guard.ts'

/** A value of an answer as its bytes. */
export type Raw = Buffer | null

export interface Answer {
  readonly rows: Raw[][]
  /** Whether these are all rows; if not, the connection is of no use any more. */
  readonly isWhole: boolean
}

/** Maximum size of the description of the columns, of which a table has at most 4,096. */
const LARGEST_HEADER = 4 << 20
/** Maximum size of one row. */
const LARGEST_ROW = 128 << 20
/** Maximum size of an answer that is wanted whole: lists of tables, of columns, of settings. */
const LARGEST_ANSWER = 64 << 20
/** Size of a row in memory beside its values, and of a value, about. */
const [ROW_BYTES, VALUE_BYTES] = [64, 128]

/** Returns the answer to a query: all of it, or only its first rows where `maxBytes` of them are enough. */
export async function answerTo(connection: Connection, sql: string, maxBytes?: number): Promise<Answer> {
  const { connection: core } = connection as unknown as { readonly connection: CoreConnection }
  const guard = guardFlood(core)
  guard.allow(LARGEST_HEADER)
  const { promise: answered, resolve, reject } = Promise.withResolvers<Answer>()
  answered.catch(() => {})
  const rows: Raw[][] = []
  let bytes = 0
  // The library reports the end of the connection only to the connection itself, and at once if it has ended already.
  core.once('error', reject)
  const answering = core.query(sql)
  answering.on('fields', () => guard.allow(LARGEST_ROW))
  answering.on('result', (found: unknown) => {
    const row = found as Raw[]
    // What has no rows is answered by an object.
    if (!Array.isArray(row)) return
    bytes += row.reduce((sum, value) => sum + VALUE_BYTES + (value?.length ?? 0), ROW_BYTES)
    if (maxBytes !== undefined && rows.length > 0 && bytes > maxBytes) {
      core.destroy()
      resolve({ rows, isWhole: false })
    } else if (maxBytes === undefined && bytes > LARGEST_ANSWER) reject(flooded())
    else rows.push(row)
    guard.allow(LARGEST_ROW)
  })
  answering.on('error', reject)
  answering.on('end', () => resolve({ rows, isWhole: true }))
  try {
    return await Promise.race([answered, guard.broken])
  } finally {
    guard.end()
    core.off('error', reject)
  }
}

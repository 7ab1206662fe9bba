import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { appendRows, committedOrThrow, type NewTable, openOrCreate, type StructType } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'

const field = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} })

export const THINGS: StructType = {
  type: 'struct',
  fields: [
    field('id', 'integer'),
    field('big', 'long'),
    field('word', 'string'),
    field('share', 'double'),
    field('moment', 'timestamp'),
    field('day', 'date'),
    field('flag', 'boolean'),
  ],
}

/** Ten rows a file: ids 0 to 9, 10 to 19, …, and the other columns rise with them; every seventh word is missing. */
export const thingsRows = (file: number) => `
  SELECT i::INTEGER AS id, i * 1000000007 AS big, CASE WHEN i % 7 > 0 THEN 'w' || lpad(i::VARCHAR, 4, '0') END AS word,
    i / 4 AS share, (TIMESTAMP '2022-01-01' + to_days(i::INTEGER)) AT TIME ZONE 'UTC' AS moment,
    DATE '2022-01-01' + i::INTEGER AS day, i >= 20 AS flag
  FROM range(${file * 10}, ${file * 10 + 10}) AS r(i)`

/** A lake whose table of that name has a file, and a version, for each of the queries. */
export async function makeTable(
  lake: string,
  path: string,
  schema: StructType,
  queries: readonly string[],
  more: Partial<NewTable> = {},
) {
  const engine = await openDuckDB({ files: 'all' })
  try {
    const store = await openLake(lake)
    const context = { connection: await engine.connect(), folder: join(lake, '.staging'), runtime: systemRuntime }
    let snapshot = await openOrCreate({ store, path }, { schema, ...more }, systemRuntime)
    for (const query of queries) snapshot = committedOrThrow(await appendRows(snapshot, query, context))
    return snapshot
  } finally {
    engine.close()
  }
}

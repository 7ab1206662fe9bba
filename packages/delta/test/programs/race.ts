import { systemRuntime } from '@millrace/base'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { appendRows, committedOrThrow, openOrCreate, type TableRef } from '../../src/index.ts'
import { column, struct } from '../test-tables.ts'

/** One of several writers that append to a table at once, each row under an id that nobody else writes. */
export async function race(table: TableRef, engine: DuckDB, folder: string, writer: number, appends: number) {
  const connection = await engine.connect()
  const context = { connection, folder, runtime: systemRuntime }
  let snapshot = await openOrCreate(table, { schema: struct(column('id', 'long')) }, systemRuntime)
  for (let i = 0; i < appends; i++) {
    const query = `SELECT ${writer * appends + i} AS id`
    snapshot = committedOrThrow(await appendRows(snapshot, query, context))
  }
  connection.closeSync()
}

if (import.meta.main) {
  const [lake = '', path = '', folder = '', writer = '', appends = ''] = process.argv.slice(2)
  const engine = await openDuckDB({ files: 'all', threads: 1 })
  await race({ store: await openLake(lake), path }, engine, folder, Number(writer), Number(appends))
}

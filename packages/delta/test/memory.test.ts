import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { appendRows, commit, upsertRows } from '../src/index.ts'
import { column, committed, openTestTables, struct } from './test-tables.ts'

const RULES = { key: ['id'], sequenceBy: [] }

test('a few rows are put in place of others in less memory than the table takes', async () => {
  const tables = await openTestTables()
  const schema = struct(column('id', 'long'), column('name', 'string'))
  // 100 MB of rows, which are small only as a file.
  const many = `SELECT i AS id, repeat('x', 500) AS name FROM range(200000) AS r(i)`
  const snapshot = await committed(appendRows(await tables.create({ schema }), many, tables))
  await tables.connection.run(`SET memory_limit = '80MB'; SET max_temp_directory_size = '0KB'`)
  const few = `SELECT 7 * i AS id, 'new' AS name FROM range(1000) AS r(i)`
  const { inserted, updated } = await upsertRows(snapshot, few, RULES, tables)
  expect({ inserted, updated }).toEqual({ inserted: 0, updated: 1000 })
  await tables.close()
})

test('of the deletion vector of a file there is one in memory, and not one for each row', async () => {
  const tables = await openTestTables()
  const empty = await tables.create({ schema: struct(column('id', 'long')) })
  const snapshot = await committed(appendRows(empty, 'SELECT i AS id FROM range(500000) AS r(i)', tables))
  const features = { readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] }
  const protocol = { minReaderVersion: 3, minWriterVersion: 7, ...features }
  const metadata = { ...snapshot.metadata, configuration: { 'delta.enableDeletionVectors': 'true' } }
  const marking = await committed(commit(snapshot, { operation: 'SET', protocol, metadata }, tables.runtime))
  const some = 'SELECT 500 * i AS id FROM range(1000) AS r(i)'
  await upsertRows(marking, some, RULES, tables, { deleteWhen: 'true' })
  const program = new URL('programs/read.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [program, tables.lake, snapshot.table.path])
  const { rows, grownBy } = JSON.parse(stdout)
  expect(rows).toBe(499_000)
  expect(grownBy).toBeLessThan(64 * 1024 * 1024)
  await tables.close()
})

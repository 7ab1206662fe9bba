import { expect, test } from 'vitest'
import { appendRows, upsertRows } from '../../src/index.ts'
import { column, committed, openTestTables, struct } from '../test-tables.ts'

test('a few rows are put in place of others in less memory than the table takes', async () => {
  const tables = await openTestTables()
  const schema = struct(column('id', 'long'), column('name', 'string'))
  // 100 MB of rows, which are small only as a file.
  const many = `SELECT i AS id, repeat('x', 500) AS name FROM range(200000) AS r(i)`
  const snapshot = await committed(appendRows(await tables.create({ schema }), many, tables))
  await tables.connection.run(`SET memory_limit = '80MB'; SET max_temp_directory_size = '0KB'`)
  const few = `SELECT 7 * i AS id, 'new' AS name FROM range(1000) AS r(i)`
  const { inserted, updated } = await upsertRows(snapshot, few, { key: ['id'], sequenceBy: [] }, tables)
  expect({ inserted, updated }).toEqual({ inserted: 0, updated: 1000 })
  await tables.close()
})

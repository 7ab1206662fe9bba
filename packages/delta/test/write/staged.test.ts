import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { discardStaged, stagedRows, stageRows } from '../../src/index.ts'
import { column, openTestTables, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const ROWS = `SELECT i AS n, ['a b', 'c/d=%', '', NULL, 'é'][i + 1] AS place, TIMESTAMPTZ '2026-01-02 03:04:05Z' AS at
  FROM range(5) t(i)`

for (const partitionColumns of [[], ['place'], ['place', 'at']]) {
  test(`staged rows read as the table's will, partitioned by [${partitionColumns}]`, async () => {
    const schema = struct(column('n', 'long'), column('place', 'string'), column('at', 'timestamp'))
    const snapshot = await testTables.create({ schema, partitionColumns })
    const files = await stageRows(testTables.connection, ROWS, snapshot, testTables.folder, testTables.runtime)
    const query = `SELECT * FROM (${stagedRows(snapshot, files, ['n', 'place', 'at'])}) ORDER BY n`
    const rows = (await testTables.connection.runAndReadAll(query)).getRowsJson()
    // A partition has no empty text: the protocol takes it for null.
    const empty = partitionColumns.length === 0 ? '' : null
    expect(rows).toEqual(
      ['a b', 'c/d=%', empty, null, 'é'].map((place, n) => [String(n), place, '2026-01-02 03:04:05+00']),
    )
    await Promise.all(files.map(discardStaged))
    await expect(rm(files[0]?.localPath ?? '')).rejects.toMatchObject({ code: 'ENOENT' })
  })
}

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AddFile, appendRows, commit, optimizeTable, replaceRows } from '../../src/index.ts'
import { column, committed, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('day', 'date'))
const row = (id: number) => `SELECT ${id}::BIGINT AS id, DATE '1500-01-10' AS day`

/** A table with files of ours and one as Spark writes it, with an entry in its footer. */
async function withFooter(key: string, value: string) {
  let snapshot = await testTables.create({ schema })
  for (const id of [1, 2]) snapshot = await committed(appendRows(snapshot, row(id), testTables))
  const path = join(testTables.lake, snapshot.table.path, 'spark.parquet')
  await testTables.connection.run(
    `COPY (${row(3)} UNION ALL ${row(4)}) TO '${path}' (FORMAT parquet, KV_METADATA {'${key}': '${value}'})`,
  )
  const { size } = await stat(path)
  const modificationTime = testTables.runtime.now()
  const file: AddFile = { path: 'spark.parquet', partitionValues: {}, size, modificationTime, dataChange: true }
  return committed(commit(snapshot, { operation: 'WRITE', add: [file] }, testTables.runtime))
}

test.each([
  ['org.apache.spark.legacyDateTime', ''],
  ['org.apache.spark.legacyINT96', ''],
  ['org.apache.spark.version', '2.4.8'],
])('a file with %s %s is neither merged nor copied', async (key, value) => {
  const marked = await withFooter(key, value)
  const { snapshot, removedFiles, addedFiles } = await optimizeTable(marked, testTables)
  expect({ removedFiles, addedFiles }).toEqual({ removedFiles: 2, addedFiles: 1 })
  expect((await reopened(snapshot)).files.has('spark.parquet')).toBe(true)
  const where = { op: '=', column: 'id', value: 3 } as const
  await expect(replaceRows(snapshot, where, `SELECT * FROM (${row(0)}) WHERE false`, testTables)).rejects.toMatchObject(
    {
      code: 'TABLE_UNSUPPORTED',
    },
  )
})

test('a file of Spark as it is today is merged', async () => {
  const today = await withFooter('org.apache.spark.version', '3.5.1')
  expect(await optimizeTable(today, testTables)).toMatchObject({ removedFiles: 3, addedFiles: 1 })
})

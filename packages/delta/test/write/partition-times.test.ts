import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendRows, commit, optimizeTable, type Snapshot } from '../../src/index.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('at', 'timestamp'))

const append = (snapshot: Snapshot, id: number, time: string) =>
  committed(appendRows(snapshot, `SELECT ${id} AS id, ${time} AS "at"`, testTables))

/** What the log and the folders call the times of the table's files, the newest last. */
function namesOf({ files }: Snapshot): [value: string | null | undefined, folder: string][] {
  return [...files.values()].map(({ path, partitionValues }) => [
    partitionValues.at,
    decodeURIComponent(path.split('/').slice(0, -1).join('/')),
  ])
}

/** A table with one file of another writer, which writes the time in this way. */
async function theirs(value: string, folder: string): Promise<Snapshot> {
  const snapshot = await testTables.create({ schema, partitionColumns: ['at'] })
  const ours = await append(snapshot, 1, `TIMESTAMPTZ '2023-01-02 01:02:03.5+00'`)
  const [file] = [...ours.files.values()]
  if (!file) throw new Error('no file')
  const bytes = await testTables.store.get(`${snapshot.table.path}/${decodeURIComponent(file.path)}`)
  const folders = folder === '' ? '' : `${folder}/`
  await testTables.store.put(`${snapshot.table.path}/${folders}theirs.parquet`, bytes ?? new Uint8Array())
  const add = { ...file, path: `${folders.split('/').map(encodeURIComponent).join('/')}theirs.parquet` }
  const { partitionValues: _, ...remove } = file
  return committed(
    commit(
      ours,
      { operation: 'WRITE', add: [{ ...add, partitionValues: { at: value } }], remove: [remove] },
      testTables.runtime,
    ),
  )
}

test('a new table has times as Spark writes them: in ISO 8601 in the log, with a space, escaped, in the names of folders', async () => {
  let snapshot = await testTables.create({ schema, partitionColumns: ['at'] })
  for (const [id, time] of [
    [1, `TIMESTAMPTZ '2023-01-02 03:02:03.5+02'`],
    [2, `TIMESTAMPTZ '2023-01-02 00:00:00+00'`],
    [3, 'NULL'],
  ] as const) {
    snapshot = await append(snapshot, id, time)
  }
  expect(namesOf(snapshot)).toEqual([
    ['2023-01-02T01:02:03.500000Z', 'at=2023-01-02%2001%3A02%3A03.5'],
    ['2023-01-02T00:00:00.000000Z', 'at=2023-01-02%2000%3A00%3A00'],
    [null, 'at=__HIVE_DEFAULT_PARTITION__'],
  ])
  expect(await readdir(join(testTables.lake, snapshot.table.path))).toContain('at=2023-01-02%2001%3A02%3A03.5')
})

test.each([
  [
    'the old Spark',
    '2023-01-02 01:02:03.5',
    'at=2023-01-02 01%3A02%3A03.5',
    '2023-01-03 00:00:00',
    'at=2023-01-03%2000%3A00%3A00',
  ],
  [
    'ISO 8601',
    '2023-01-02T01:02:03.500000Z',
    'at=2023-01-02T01%3A02%3A03.500000Z',
    '2023-01-03T00:00:00.000000Z',
    'at=2023-01-03T00%3A00%3A00.000000Z',
  ],
  [
    'the new Spark',
    '2023-01-02T01:02:03.500000Z',
    'at=2023-01-02 01%3A02%3A03.5',
    '2023-01-03T00:00:00.000000Z',
    'at=2023-01-03%2000%3A00%3A00',
  ],
  ['no folders', '2023-01-02 01:02:03.5', '', '2023-01-03 00:00:00', 'at=2023-01-03%2000%3A00%3A00'],
])('a table with times in the way of %s goes on in that way', async (_, value, folder, ourValue, ourFolder) => {
  const before = await theirs(value, folder)
  let snapshot = await append(before, 2, `TIMESTAMPTZ '2023-01-03 00:00:00+00'`)
  expect(namesOf(snapshot)).toEqual([
    [value, folder],
    [ourValue, ourFolder],
  ])
  snapshot = await append(snapshot, 3, `TIMESTAMPTZ '2023-01-03 00:00:00+00'`)
  snapshot = (await optimizeTable(snapshot, testTables)).snapshot
  expect(namesOf(snapshot)).toEqual([
    [value, folder],
    [ourValue, ourFolder],
  ])
  expect(await testTables.ask(snapshot, `SELECT id, epoch_us("at")::VARCHAR AS "at" FROM rows ORDER BY id`)).toEqual([
    { id: '1', at: '1672621323500000' },
    { id: '2', at: '1672704000000000' },
    { id: '3', at: '1672704000000000' },
  ])
})

import { systemRuntime } from '@millrace/base'
import { memoryStore, type ObjectStore } from '@millrace/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendRows, upsertRows } from '../../../src/index.ts'
import { column, committed, openTestTables, reopened, struct, type TestTables } from '../../test-tables.ts'

let testTables: TestTables
let read: Set<string>
beforeAll(async () => {
  testTables = await openTestTables(async () => noting(memoryStore(new Map(), systemRuntime)))
})
afterAll(() => testTables.close())

/** A store that notes which files are read. */
function noting(store: ObjectStore): ObjectStore {
  read = new Set()
  return {
    ...store,
    readable(keys) {
      for (const key of keys) read.add(key)
      return store.readable(keys)
    },
  }
}

const KEY = { key: ['part', 'id'], sequenceBy: [] }
const rowsOf = (...rows: readonly (readonly [part: number, id: number, name: string])[]) =>
  `SELECT * FROM (VALUES ${rows.map(([part, id, name]) => `(${part}, ${id}, '${name}')`).join(', ')}) AS v(part, id, name)`

test('opens the files alone in whose bounds a value of each column of the key lies', async () => {
  const schema = struct(column('part', 'long'), column('id', 'long'), column('name', 'string'))
  let snapshot = await testTables.create({ schema })
  for (const id of [1, 2, 3]) {
    const query = rowsOf([0, 10 * id, 'a'], [99, 10 * id + 1, 'b'])
    snapshot = await committed(appendRows(snapshot, query, testTables))
  }
  const paths = [...snapshot.files.values()].map(({ path }) => `${snapshot.table.path}/${path}`)
  read.clear()
  // Between the two lie the bounds of every file.
  const changes = rowsOf([0, 20, 'c'], [99, 1000, 'd'], [0, 0, 'e'])
  const { inserted, updated } = await upsertRows(snapshot, changes, KEY, testTables)
  expect({ inserted, updated }).toEqual({ inserted: 2, updated: 1 })
  expect(paths.filter((path) => read.has(path))).toEqual([paths[1]])
  const rows = await testTables.ask(
    await reopened(snapshot),
    `SELECT string_agg(name, '' ORDER BY id) AS names FROM rows`,
  )
  expect(rows).toEqual([{ names: 'eabcbabd' }])
})

test('opens the files of the partitions of its keys alone, not of those between them', async () => {
  const schema = struct(column('part', 'string'), column('id', 'long'), column('name', 'string'))
  let snapshot = await testTables.create({ schema, partitionColumns: ['part'] })
  const textOf = (values: string) =>
    `SELECT part, i AS id, 'old' AS name FROM (VALUES ${values}) AS v(part), range(3) AS r(i)`
  snapshot = await committed(appendRows(snapshot, textOf(`('a'), ('b'), ('c'), (NULL)`), testTables))
  const pathOf = new Map(
    [...snapshot.files.values()].map(({ path, partitionValues }) => [
      `${snapshot.table.path}/${path}`,
      partitionValues.part,
    ]),
  )
  read.clear()
  const changes = `SELECT * FROM (VALUES ('a', 1, 'new'), ('c', 1, 'new')) AS v(part, id, name)`
  expect(await upsertRows(snapshot, changes, KEY, testTables)).toMatchObject({ inserted: 0, updated: 2 })
  const opened = [...read].flatMap((path) => (pathOf.has(path) ? [pathOf.get(path)] : []))
  expect(opened.toSorted()).toEqual(['a', 'c'])
  const rows = await testTables.ask(
    await reopened(snapshot),
    `SELECT string_agg(coalesce(part, '-') || id, ' ' ORDER BY part, id) AS fresh FROM rows WHERE name = 'new'`,
  )
  expect(rows).toEqual([{ fresh: 'a1 c1' }])
})

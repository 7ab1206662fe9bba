import { systemRuntime } from '@millrace/base'
import { memoryStore, type ObjectStore } from '@millrace/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendRows, upsertRows } from '../../src/index.ts'
import { column, committed, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

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

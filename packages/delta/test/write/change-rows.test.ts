import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ACTION,
  appendRows,
  changeRows,
  commit,
  FILE,
  optimizeTable,
  ROW,
  type RowStatement,
  replaceRows,
  type Snapshot,
  TARGET,
} from '../../src/index.ts'
import { column, committed, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('word', 'string'))
const rows = (from: number, to: number) => `SELECT i AS id, 'w' || i AS word FROM range(${from}, ${to}) t(i)`

const renames = (where: string): RowStatement => ({
  ...({ operation: 'UPDATE', parameters: {}, actions: ['update'], columns: ['id', 'word'] } as const),
  reads: { where: undefined },
  sql: `SELECT 'update' AS ${ACTION}, ${FILE}, ${ROW}, id, 'new' AS word FROM ${TARGET} WHERE ${where}`,
})

/** Inserts a copy of each such row. It reads files and removes none. */
const copies = (where: string): RowStatement => ({
  ...({ operation: 'MERGE', parameters: {}, actions: ['insert'], columns: ['id', 'word'] } as const),
  reads: { where: undefined },
  sql: `SELECT 'insert' AS ${ACTION}, NULL::BIGINT AS ${FILE}, NULL::BIGINT AS ${ROW}, id + 100 AS id, word
    FROM ${TARGET} WHERE ${where}`,
})

/** Makes a table of two files, with progress in it. */
async function made(configuration: Record<string, string> = {}): Promise<Snapshot> {
  const table = await testTables.create({ schema, configuration })
  const first = await committed(
    appendRows(table, rows(0, 10), testTables, { txn: [{ appId: 'pipeline', version: 7n }] }),
  )
  return committed(appendRows(first, rows(10, 20), testTables))
}

/** Updates while another writer commits before the first try does. Returns how often the statement was made. */
async function raced(
  snapshot: Snapshot,
  where: string,
  other: (newest: Snapshot) => Promise<unknown>,
  statement = renames,
) {
  let made = 0
  const make = async () => {
    if (made++ === 0) await other(await reopened(snapshot))
    return statement(where)
  }
  const { updated } = await changeRows(snapshot, make, testTables)
  const [sums] = await testTables.ask(
    await reopened(snapshot),
    `SELECT count(*) AS n, count(DISTINCT id) AS ids, count(*) FILTER (word = 'new') AS renamed FROM rows`,
  )
  return { made, updated, ...sums }
}

describe('an update beside another writer', () => {
  test('is made anew where its file has been made into another', async () => {
    const optimize = (newest: Snapshot) => optimizeTable(newest, testTables)
    const result = await raced(await made(), 'id < 3', optimize)
    expect(result).toEqual({ made: 2, updated: 3, n: '20', ids: '20', renamed: '3' })
  })

  test('does not bring back rows that another has deleted', async () => {
    const remove = (newest: Snapshot) =>
      committed(replaceRows(newest, { op: '<', column: 'id', value: 2 }, rows(0, 0), testTables, { progress: 'keep' }))
    const result = await raced(await made(), 'id < 3', remove)
    expect(result).toEqual({ made: 2, updated: 1, n: '18', ids: '18', renamed: '1' })
  })

  test('does not bring back copies of rows that another has deleted with their file, though it removes none itself', async () => {
    const remove = (newest: Snapshot) =>
      committed(replaceRows(newest, { op: '<', column: 'id', value: 10 }, rows(0, 0), testTables, { progress: 'keep' }))
    expect(await raced(await made(), 'id < 3', remove, copies)).toMatchObject({ made: 2, n: '10', ids: '10' })
  })

  test('comes before rows that are only appended', async () => {
    const append = (newest: Snapshot) => committed(appendRows(newest, rows(20, 25), testTables))
    expect(await raced(await made(), 'true', append)).toMatchObject({ made: 1, updated: 20, n: '25', renamed: '20' })
  })

  test('changes these too where the table is to be serializable', async () => {
    const append = (newest: Snapshot) => committed(appendRows(newest, rows(20, 25), testTables))
    const serializable = await made({ 'delta.isolationLevel': 'Serializable' })
    expect(await raced(serializable, 'true', append)).toMatchObject({ made: 2, updated: 25, n: '25', renamed: '25' })
  })

  test('is made anew where another has added a column', async () => {
    const snapshot = await made()
    const wide = JSON.stringify(struct(...schema.fields, column('more', 'long')))
    const widen = (newest: Snapshot) =>
      committed(
        commit(
          newest,
          { operation: 'ADD COLUMNS', metadata: { ...newest.metadata, schemaString: wide } },
          testTables.runtime,
        ),
      )
    expect(await raced(snapshot, 'id = 1', widen)).toMatchObject({ made: 2, updated: 1, n: '20' })
  })
})

test('the progress in the table stays, and a statement without effect makes no commit', async () => {
  const snapshot = await made()
  const changed = await changeRows(snapshot, async () => renames('id = 4'), testTables)
  const after = await reopened(snapshot)
  expect([changed.version, after.version, after.txns.get('pipeline')]).toEqual([3, 3, 7n])
  expect(await changeRows(after, async () => renames('id = 400'), testTables)).toMatchObject({ updated: 0, version: 3 })
  expect(await changeRows(after, async () => renames('id = 5'), testTables, { dryRun: true })).toMatchObject({
    ...{ updated: 1, filesChanged: 1, filesRead: 2, version: undefined },
  })
  expect((await reopened(after)).version).toBe(3)
})

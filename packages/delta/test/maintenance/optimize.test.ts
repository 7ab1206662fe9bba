import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendRows, commit, optimizeTable, replaceRows, type Snapshot, tableHistory } from '../../src/index.ts'
import { column, committed, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('text', 'string'))
const rows = (from: number, to: number) => `SELECT i AS id, 'row ' || i AS text FROM range(${from}, ${to}) t(i)`
const SUMS = 'SELECT count(*) AS n, coalesce(sum(id), 0) AS ids FROM rows'

describe('optimize', () => {
  async function scattered(partitionColumns: string[] = []) {
    let snapshot = await testTables.create({ schema, partitionColumns })
    const text = partitionColumns.length > 0 ? `'p' || (i % 2)` : `'row ' || i`
    for (let i = 0; i < 10; i++) {
      const query = `SELECT i AS id, ${text} AS text FROM range(${i * 10}, ${i * 10 + 10}) t(i)`
      snapshot = await committed(appendRows(snapshot, query, testTables))
    }
    return snapshot
  }
  /** A table whose partitions have two files each, of two rows. */
  async function manyPartitions(partitions: number) {
    let snapshot = await testTables.create({ schema, partitionColumns: ['text'] })
    for (const from of [0, 2 * partitions]) {
      const query = `SELECT i AS id, 'p' || (i % ${partitions}) AS text FROM range(${from}, ${from + 2 * partitions}) t(i)`
      snapshot = await committed(appendRows(snapshot, query, testTables))
    }
    return snapshot
  }
  /** The same table, on a store to which another writer's work comes before the first commit. */
  function beforeCommit(base: Snapshot, work: () => Promise<unknown>): Snapshot {
    const { store } = base.table
    let left = 1
    const putIfAbsent: typeof store.putIfAbsent = async (key, bytes) => {
      if (left-- > 0) await work()
      return store.putIfAbsent(key, bytes)
    }
    return { ...base, table: { ...base.table, store: { ...store, putIfAbsent } } }
  }
  const bytesIn = ({ files }: Snapshot) => [...files.values()].reduce((sum, { size }) => sum + size, 0)
  test('makes one file of many, with the same rows', async () => {
    const result = await optimizeTable(await scattered(), testTables)
    expect(result).toMatchObject({ removedFiles: 10, addedFiles: 1, conflicts: 0 })
    const after = await reopened(result.snapshot)
    expect(after.files.size).toBe(1)
    expect(await testTables.ask(after, SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('keeps partitions apart', async () => {
    const result = await optimizeTable(await scattered(['text']), testTables)
    expect(result).toMatchObject({ removedFiles: 20, addedFiles: 2 })
    expect(await testTables.ask(await reopened(result.snapshot), SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('makes one commit over many small partitions', async () => {
    const base = await manyPartitions(30)
    const result = await optimizeTable(base, testTables)
    expect(result).toMatchObject({ removedFiles: 60, addedFiles: 30, conflicts: 0 })
    expect(result.snapshot.version).toBe(base.version + 1)
    expect(await testTables.ask(await reopened(base), SUMS)).toEqual([{ n: '120', ids: '7140' }])
  })
  test('replaces no more in a commit than one file may hold', async () => {
    const base = await manyPartitions(30)
    const { snapshot, addedFiles } = await optimizeTable(base, testTables, { targetBytes: 0.4 * bytesIn(base) })
    expect(addedFiles).toBe(30)
    expect(snapshot.version).toBe(base.version + 3)
  })
  test('leaves out only the partition that another writer changes before the commit', async () => {
    const base = await manyPartitions(10)
    const where = { op: '=', column: 'text', value: 'p3' } as const
    const raced = beforeCommit(base, () =>
      committed(replaceRows(base, where, `SELECT 1000 AS id, 'p3' AS text`, testTables)),
    )
    const result = await optimizeTable(raced, testTables)
    expect(result).toMatchObject({ removedFiles: 18, addedFiles: 9, conflicts: 1 })
    expect(result.snapshot.version).toBe(base.version + 2)
    const after = await reopened(base)
    expect(after.files.size).toBe(10)
    expect(await testTables.ask(after, SUMS)).toEqual([{ n: '37', ids: `${780 - (3 + 13 + 23 + 33) + 1000}` }])
  })
  test('brings back no row that is marked as deleted after the first of its commits', async () => {
    const made = await manyPartitions(3)
    const configuration = { ...made.metadata.configuration, 'delta.enableDeletionVectors': 'true' }
    const features = {
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors', 'appendOnly', 'invariants'],
    }
    const protocol = { minReaderVersion: 3, minWriterVersion: 7, ...features }
    const metadata = { ...made.metadata, configuration }
    const base = await committed(
      commit(made, { operation: 'SET TBLPROPERTIES', protocol, metadata }, testTables.runtime),
    )
    const last = [...base.files.values()].at(-1)?.partitionValues.text ?? ''
    const id = Number(last.slice(1))
    const where = { op: '=', column: 'id', value: id } as const
    const raced = beforeCommit(base, () => committed(replaceRows(base, where, rows(0, 0), testTables)))
    await optimizeTable(raced, testTables, { targetBytes: 0.4 * bytesIn(base) })
    expect(await testTables.ask(await reopened(base), SUMS)).toEqual([{ n: '11', ids: `${66 - id}` }])
  })
  test('says that no row has changed', async () => {
    const { snapshot } = await optimizeTable(await scattered(), testTables)
    expect([...snapshot.files.values()].map(({ dataChange }) => dataChange)).toEqual([false])
    const [newest] = await tableHistory(snapshot.table, 1)
    expect(newest).toMatchObject({ operation: 'OPTIMIZE', addedFiles: 1, removedFiles: 10 })
  })
  test('goes on beside appends, and steps back from what others have removed', async () => {
    const base = await scattered()
    await committed(appendRows(base, rows(100, 110), testTables))
    const beside = await optimizeTable(base, testTables)
    expect(beside).toMatchObject({ removedFiles: 10, conflicts: 0 })
    expect(await testTables.ask(await reopened(base), SUMS)).toEqual([{ n: '110', ids: '5995' }])
    const late = await optimizeTable(base, testTables)
    expect(late).toMatchObject({ removedFiles: 0, conflicts: 1 })
    expect(await testTables.ask(await reopened(base), SUMS)).toEqual([{ n: '110', ids: '5995' }])
  })
  test('that is called off half-way leaves whole commits, and no file where files are made', async () => {
    const stop = new AbortController()
    const runtime = { ...testTables.runtime, crashPoint: () => stop.abort() }
    const base = await scattered(['text'])
    const folder = join(testTables.folder, 'called-off')
    const options = { signal: stop.signal, targetBytes: 0.6 * bytesIn(base) }
    const made = await optimizeTable(base, { ...testTables, folder, runtime }, options)
    expect(made).toMatchObject({ removedFiles: 10, addedFiles: 1, conflicts: 0 })
    expect(await readdir(folder)).toEqual([])
    expect(await testTables.ask(await reopened(base), SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('has nothing to do the second time', async () => {
    const { snapshot } = await optimizeTable(await scattered(), testTables)
    expect(await optimizeTable(snapshot, testTables)).toMatchObject({ removedFiles: 0, addedFiles: 0 })
  })
})

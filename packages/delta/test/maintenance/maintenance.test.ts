import { type Runtime, systemRuntime } from '@millrace/base'
import { memoryStore } from '@millrace/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  appendRows,
  checkpointIsDue,
  cleanLog,
  commit,
  openOrCreate,
  openTable,
  replaceRows,
  restoreTable,
  type Snapshot,
  tableHistory,
  vacuumTable,
  type WriteContext,
  writeCheckpoint,
} from '../../src/index.ts'
import { fileKey } from '../../src/read/replay.ts'
import { grown as grownLog, metadata, PROTOCOL, parquetOf } from '../read/scripted.ts'
import { column, committed, EVERY_ROW, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('text', 'string'))
const rows = (from: number, to: number) => `SELECT i AS id, 'row ' || i AS text FROM range(${from}, ${to}) t(i)`
const SUMS = 'SELECT count(*) AS n, coalesce(sum(id), 0) AS ids FROM rows'

/** A table in memory, with a clock that is moved by hand. */
async function timed(configuration: Record<string, string> = {}) {
  let now = Date.UTC(2024, 0, 1)
  const runtime: Runtime = { ...systemRuntime, now: () => now, monotonic: () => now, sleep: async () => {} }
  const context: WriteContext = { ...testTables, runtime }
  const table = { store: memoryStore(new Map(), runtime), path: 'timed' }
  const snapshot = await openOrCreate(table, { schema, configuration }, runtime)
  const pass = (milliseconds: number) => {
    now += milliseconds
  }
  return { table, snapshot, context, pass }
}

async function keysOf({ table }: Snapshot, folder = '_delta_log/'): Promise<string[]> {
  const prefix = `${table.path}/${folder}`
  const keys = await Array.fromAsync(table.store.keys(prefix))
  return keys.map((key) => key.slice(prefix.length))
}

describe('a checkpoint', () => {
  test('holds the whole state: files, their statistics, tombstones, txns, protocol, metadata', async () => {
    const txn = [{ appId: 'app', version: 9007199254740993n }]
    let snapshot = await testTables.create({ schema, partitionColumns: ['text'], description: 'a table' })
    snapshot = await committed(appendRows(snapshot, rows(0, 3), testTables, { txn }))
    snapshot = await committed(
      replaceRows(snapshot, { op: '=', column: 'id', value: 1 }, rows(0, 0), testTables, { progress: 'keep' }),
    )
    expect(await writeCheckpoint(snapshot, testTables)).toBe(true)
    for (const version of [0, 1, 2])
      await testTables.store.delete(`${snapshot.table.path}/_delta_log/${name(version)}.json`)

    const after = await reopened(snapshot)
    expect(after.version).toBe(2)
    expect([...after.txns.entries()]).toEqual([['app', 9007199254740993n]])
    expect(after.protocol).toEqual(expect.objectContaining(snapshot.protocol))
    expect(after.metadata).toMatchObject(snapshot.metadata)
    for (const { dataChange: _, ...file } of snapshot.files.values()) {
      expect(after.files.get(fileKey(snapshot.table, file.path))).toMatchObject(file)
    }
    expect(after.files.size).toBe(snapshot.files.size)
    expect(await testTables.ask(after, SUMS)).toEqual([{ n: '2', ids: '2' }])
    expect((await vacuumTable(after, testTables, { retentionMs: DAY, dryRun: true })).keys).toEqual([])
  })
  test('is written once for a version', async () => {
    const snapshot = await testTables.create({ schema })
    expect([await writeCheckpoint(snapshot, testTables), await writeCheckpoint(snapshot, testTables)]).toEqual([
      true,
      false,
    ])
  })
  test('of an older version leaves the newest one pointed to', async () => {
    const first = await testTables.create({ schema })
    const second = await committed(appendRows(first, rows(0, 3), testTables))
    await writeCheckpoint(second, testTables)
    await writeCheckpoint(first, testTables)
    const hint = await testTables.store.get(`${first.table.path}/_delta_log/_last_checkpoint`)
    expect(JSON.parse(new TextDecoder().decode(hint))).toMatchObject({ version: 1, size: 3, numOfAddFiles: 1 })
  })
  test('drops tombstones that are past the retention', async () => {
    const { snapshot, context, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), context))
    at = await committed(replaceRows(at, EVERY_ROW, rows(3, 6), context))
    await writeCheckpoint(at, context)
    pass(2 * DAY)
    at = await committed(appendRows(await reopened(at), rows(6, 9), context))
    await writeCheckpoint(at, context)
    const hint = await at.table.store.get('timed/_delta_log/_last_checkpoint')
    expect(JSON.parse(new TextDecoder().decode(hint))).toMatchObject({ version: 3, size: 4, numOfAddFiles: 2 })
  })
  test('keeps tombstones that the last one has in a sidecar, whose name is a URL', async () => {
    const log = grownLog(6)
    const sidecar = { path: 'a%20file.parquet', sizeInBytes: 1, modificationTime: 1 }
    const actions = [PROTOCOL, metadata(), { checkpointMetadata: { version: 4 } }, { sidecar }]
    log.put(
      `${name(4)}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`,
      actions.map((action) => JSON.stringify(action)).join('\n'),
    )
    const removed = `{path: 'gone', deletionTimestamp: ${Date.now()}, dataChange: true, size: 7, partitionValues: MAP {'a': 'b'}}`
    log.put('_sidecars/a file.parquet', await parquetOf(testTables.connection, `SELECT ${removed} AS remove`))
    const snapshot = (await openTable(log.table)) as Snapshot
    expect(await writeCheckpoint(snapshot, testTables)).toBe(true)
    const hint = await log.store.get('table/_delta_log/_last_checkpoint')
    expect(JSON.parse(new TextDecoder().decode(hint))).toMatchObject({ size: 2 + snapshot.files.size + 1 })
  })
  test('is due when the log behind it has grown to more than it costs', async () => {
    const { table, snapshot, context } = await timed()
    expect(await checkpointIsDue(table)).toBe(false)
    let at = snapshot
    for (let i = 0; i < 6; i++) {
      const info = { padding: 'x'.repeat(100_000) }
      at = await committed(commit(at, { operation: 'WRITE', info }, context.runtime))
    }
    expect(await checkpointIsDue(table)).toBe(true)
    await writeCheckpoint(at, context)
    expect(await checkpointIsDue(table)).toBe(false)
  })
})

function name(version: number): string {
  return String(version).padStart(20, '0')
}

describe('log cleanup', () => {
  const nothingToKeep = async () => true
  async function grown(days: number) {
    const place = await timed()
    let at = place.snapshot
    for (let day = 0; day < days; day++) {
      at = await committed(commit(at, { operation: 'STREAMING UPDATE' }, place.context.runtime))
      if (day % 2 === 1) await writeCheckpoint(at, place.context)
      place.pass(DAY)
    }
    return { ...place, at }
  }
  test('removes what is before the newest checkpoint that is past the retention, and nothing else', async () => {
    const { at, context } = await grown(7)
    expect(await cleanLog(at, context.runtime, nothingToKeep)).toBe(8)
    expect(await keysOf(at)).toEqual([
      `${name(6)}.checkpoint.parquet`,
      ...[6, 7].map((version) => `${name(version)}.json`),
      '_last_checkpoint',
    ])
    expect((await openTable(at.table, 6))?.version).toBe(6)
    expect((await reopened(at)).version).toBe(7)
  })
  test('leaves the log of others alone where they forbid it, in any letter case, until they allow us', async () => {
    const { at, context } = await grown(7)
    const { 'delta.enableExpiredLogCleanup': _, 'millrace.cleansLog': __, ...rest } = at.metadata.configuration
    const clean = (configuration: Record<string, string>) =>
      cleanLog(
        { ...at, metadata: { ...at.metadata, configuration: { ...rest, ...configuration } } },
        context.runtime,
        nothingToKeep,
      )
    const forbidden = { 'Delta.EnableExpiredLogCleanup': 'False' }
    expect(await clean({ 'delta.enableExpiredLogCleanup': 'false' })).toBe(0)
    expect(await clean(forbidden)).toBe(0)
    expect(await clean({ ...forbidden, 'millrace.cleansLog': 'false' })).toBe(0)
    expect(await clean({ ...forbidden, 'millrace.cleansLog': 'TRUE' })).toBe(8)
  })
  test('hands over the versions that go before any of them is gone, and leaves all where they could not be kept', async () => {
    const { at, context } = await grown(5)
    const seen: (readonly number[])[] = []
    const before = (isKept: boolean) => async (_: unknown, versions: readonly number[]) => {
      seen.push(versions)
      expect((await openTable(at.table, 0))?.version).toBe(0)
      return isKept
    }
    expect(await cleanLog(at, context.runtime, before(false))).toBe(0)
    expect(await cleanLog(at, context.runtime, before(true))).toBeGreaterThan(0)
    expect(seen).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
  })
  test('leaves everything where there is no checkpoint to stand on', async () => {
    const { snapshot, context, pass } = await timed()
    pass(30 * DAY)
    expect(await cleanLog(snapshot, context.runtime, nothingToKeep)).toBe(0)
  })
  test('leaves the last hour, whatever the retention says', async () => {
    const { snapshot, context, pass } = await timed({ 'delta.logRetentionDuration': 'interval 0 seconds' })
    const at = await committed(commit(snapshot, { operation: 'WRITE' }, context.runtime))
    await writeCheckpoint(at, context)
    pass(HOUR - 1)
    expect(await cleanLog(at, context.runtime, nothingToKeep)).toBe(0)
    pass(1)
    expect(await cleanLog(at, context.runtime, nothingToKeep)).toBe(1)
  })
})

describe('vacuum', () => {
  async function replaced() {
    const place = await timed()
    let at = await committed(appendRows(place.snapshot, rows(0, 3), place.context))
    const [old] = await keysOf(at, 'part-')
    at = await committed(replaceRows(at, EVERY_ROW, rows(3, 6), place.context))
    return { ...place, at, old: `timed/part-${old}` }
  }
  test('deletes what was removed longer ago than the retention, and says before what it would', async () => {
    const { at, old, context, pass } = await replaced()
    pass(DAY - 1)
    expect((await vacuumTable(at, context)).keys).toEqual([])
    pass(2)
    expect(await vacuumTable(at, context, { dryRun: true })).toMatchObject({ keys: [old], deleted: false })
    expect(await keysOf(at, 'part-')).toHaveLength(2)
    expect(await vacuumTable(at, context)).toMatchObject({ keys: [old], deleted: true })
    expect(await keysOf(at, 'part-')).toHaveLength(1)
    expect(await testTables.ask(at, SUMS)).toEqual([{ n: '3', ids: '12' }])
  })
  test('keeps an old file that was removed just now', async () => {
    const { snapshot, context, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), context))
    pass(10 * DAY)
    at = await committed(replaceRows(await reopened(at), EVERY_ROW, rows(3, 6), context))
    expect((await vacuumTable(at, context)).keys).toEqual([])
    await writeCheckpoint(at, context)
    expect((await vacuumTable(await reopened(at), context)).keys).toEqual([])
  })
  test('deletes what no commit ever named, when it is old enough', async () => {
    const { at, table, context, pass } = await replaced()
    await table.store.put('timed/part-orphan.parquet', new Uint8Array(3))
    expect((await vacuumTable(at, context)).keys).toEqual([])
    pass(2 * DAY)
    expect((await vacuumTable(at, context)).keys).toContain('timed/part-orphan.parquet')
  })
  test('deletes files of changed rows by their age alone, for no version has them', async () => {
    const { at, table, context, pass } = await replaced()
    await table.store.put('timed/_change_data/x', new Uint8Array(1))
    expect((await vacuumTable(at, context)).keys).toEqual([])
    pass(2 * DAY)
    expect((await vacuumTable(at, context)).keys).toContain('timed/_change_data/x')
  })
  test('never touches the log, hidden folders or another table', async () => {
    const { at, table, context, pass } = await replaced()
    const others = ['timed/_hidden/x', 'timed/.hidden/x', 'timed2/part-x', 'timed/_delta_log/x']
    for (const key of others) await table.store.put(key, new Uint8Array(1))
    pass(30 * DAY)
    const { keys } = await vacuumTable(at, context)
    expect(keys.filter((key) => others.includes(key))).toEqual([])
  })
  test('refuses less than the retention unless it is forced', async () => {
    const { at, old, context } = await replaced()
    await expect(vacuumTable(at, context, { retentionMs: HOUR })).rejects.toThrow(
      'keeps removed files for 24 hours, not 1',
    )
    const forced = await vacuumTable(at, context, { retentionMs: -1, force: true })
    expect(forced.keys).toEqual([old])
  })
})

describe('restore', () => {
  test('brings back an older version as a new one', async () => {
    let at = await testTables.create({ schema })
    at = await committed(appendRows(at, rows(0, 3), testTables))
    at = await committed(replaceRows(at, EVERY_ROW, rows(3, 6), testTables))
    at = await committed(restoreTable(at, 1, testTables.runtime))
    expect(await testTables.ask(await reopened(at), SUMS)).toEqual([{ n: '3', ids: '3' }])
    expect(at.version).toBe(3)
  })
  test('refuses a version whose files are gone', async () => {
    const { snapshot, context, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), context))
    at = await committed(replaceRows(at, EVERY_ROW, rows(3, 6), context))
    pass(2 * DAY)
    await vacuumTable(at, context)
    await expect(restoreTable(await reopened(at), 1, context.runtime)).rejects.toThrow('1 files are gone by vacuum')
  })
  test('takes the progress back with the rows, or keeps it, but asks which', async () => {
    const txn = (version: bigint) => ({ txn: [{ appId: 'app', version }] })
    const restored = async (choice?: 'keep' | 'rewind') => {
      let at = await testTables.create({ schema })
      at = await committed(appendRows(at, rows(0, 3), testTables, txn(3n)))
      at = await committed(appendRows(at, rows(3, 6), testTables, txn(6n)))
      return (await reopened(await committed(restoreTable(at, 1, testTables.runtime, choice)))).txns.get('app')
    }
    await expect(restored()).rejects.toThrow('carries the progress of its writers')
    expect(await restored('keep')).toBe(6n)
    expect(await restored('rewind')).toBe(3n)
  })
})

test('history tells each entry, the newest first', async () => {
  let at = await testTables.create({ schema })
  at = await committed(appendRows(at, rows(0, 3), testTables, { userMetadata: 'by hand' }))
  await committed(replaceRows(at, EVERY_ROW, rows(3, 6), testTables))
  const history = await tableHistory(at.table)
  expect(history.map(({ version, operation }) => [version, operation])).toEqual([
    [2, 'WRITE'],
    [1, 'WRITE'],
    [0, 'CREATE TABLE'],
  ])
  expect(history[1]).toMatchObject({ userMetadata: 'by hand', metrics: { numOutputRows: '3', numFiles: '1' } })
  expect(await tableHistory(at.table, 1)).toHaveLength(1)
})

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Runtime, systemRuntime } from '@millrace/base'
import { memoryStore } from '@millrace/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkpointIsDue, writeCheckpoint } from '../../src/maintenance/checkpoint.ts'
import { tableHistory } from '../../src/maintenance/history.ts'
import { cleanLog } from '../../src/maintenance/log-cleanup.ts'
import { optimizeTable } from '../../src/maintenance/optimize.ts'
import { vacuumTable } from '../../src/maintenance/vacuum.ts'
import { fileKey } from '../../src/read/replay.ts'
import { openTable, type Snapshot } from '../../src/read/snapshot.ts'
import { openOrCreate } from '../../src/write/create.ts'
import { restoreTable } from '../../src/write/restore.ts'
import { appendRows, deleteRows, overwriteRows, type Workshop } from '../../src/write/rows.ts'
import { commit } from '../../src/write/transaction.ts'
import { type Atelier, column, committed, openAtelier, reopened, struct } from '../atelier.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let atelier: Atelier
beforeAll(async () => {
  atelier = await openAtelier()
})
afterAll(() => atelier.close())

const schema = struct(column('id', 'long'), column('text', 'string'))
const rows = (from: number, to: number) => `SELECT i AS id, 'row ' || i AS text FROM range(${from}, ${to}) t(i)`
const SUMS = 'SELECT count(*) AS n, coalesce(sum(id), 0) AS ids FROM rows'

/** A table in memory, with a clock that is moved by hand. */
async function timed(configuration: Record<string, string> = {}) {
  let now = Date.UTC(2024, 0, 1)
  const runtime: Runtime = { ...systemRuntime, now: () => now, monotonic: () => now, sleep: async () => {} }
  const workshop: Workshop = { ...atelier, runtime }
  const table = { store: memoryStore(new Map(), runtime), path: 'timed' }
  const snapshot = await openOrCreate(table, { schema, configuration }, runtime)
  const pass = (milliseconds: number) => {
    now += milliseconds
  }
  return { table, snapshot, workshop, pass }
}

async function keysOf({ table }: Snapshot, folder = '_delta_log/'): Promise<string[]> {
  const prefix = `${table.path}/${folder}`
  const keys = await Array.fromAsync(table.store.keys(prefix))
  return keys.map((key) => key.slice(prefix.length))
}

describe('a checkpoint', () => {
  test('holds the whole state: files, their statistics, tombstones, txns, protocol, metadata', async () => {
    const txn = [{ appId: 'app', version: 9007199254740993n }]
    let snapshot = await atelier.create({ schema, partitionColumns: ['text'], description: 'a table' })
    snapshot = await committed(appendRows(snapshot, rows(0, 3), atelier, { txn }))
    snapshot = await committed(deleteRows(snapshot, { op: '=', column: 'id', value: 1 }, atelier, { progress: 'keep' }))
    expect(await writeCheckpoint(snapshot, atelier)).toBe(true)
    for (const version of [0, 1, 2])
      await atelier.store.delete(`${snapshot.table.path}/_delta_log/${name(version)}.json`)

    const after = await reopened(snapshot)
    expect(after.version).toBe(2)
    expect([...after.txns.entries()]).toEqual([['app', 9007199254740993n]])
    expect(after.protocol).toEqual(expect.objectContaining(snapshot.protocol))
    expect(after.metadata).toMatchObject(snapshot.metadata)
    for (const { dataChange: _, ...file } of snapshot.files.values()) {
      expect(after.files.get(fileKey(snapshot.table, file.path))).toMatchObject(file)
    }
    expect(after.files.size).toBe(snapshot.files.size)
    expect(await atelier.ask(after, SUMS)).toEqual([{ n: '2', ids: '2' }])
    expect((await vacuumTable(after, atelier, { retentionMs: DAY, dryRun: true })).keys).toEqual([])
  })
  test('is written once for a version', async () => {
    const snapshot = await atelier.create({ schema })
    expect([await writeCheckpoint(snapshot, atelier), await writeCheckpoint(snapshot, atelier)]).toEqual([true, false])
  })
  test('of an older version leaves the newest one pointed to', async () => {
    const first = await atelier.create({ schema })
    const second = await committed(appendRows(first, rows(0, 3), atelier))
    await writeCheckpoint(second, atelier)
    await writeCheckpoint(first, atelier)
    const hint = await atelier.store.get(`${first.table.path}/_delta_log/_last_checkpoint`)
    expect(JSON.parse(new TextDecoder().decode(hint))).toMatchObject({ version: 1, size: 3, numOfAddFiles: 1 })
  })
  test('drops tombstones that are past the retention', async () => {
    const { snapshot, workshop, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), workshop))
    at = await committed(overwriteRows(at, rows(3, 6), workshop))
    await writeCheckpoint(at, workshop)
    pass(2 * DAY)
    at = await committed(appendRows(await reopened(at), rows(6, 9), workshop))
    await writeCheckpoint(at, workshop)
    const hint = await at.table.store.get('timed/_delta_log/_last_checkpoint')
    expect(JSON.parse(new TextDecoder().decode(hint))).toMatchObject({ version: 3, size: 4, numOfAddFiles: 2 })
  })
  test('is due when the log behind it has grown to more than it costs', async () => {
    const { table, snapshot, workshop } = await timed()
    expect(await checkpointIsDue(table)).toBe(false)
    let at = snapshot
    for (let i = 0; i < 6; i++) {
      const info = { padding: 'x'.repeat(100_000) }
      at = await committed(commit(at, { operation: 'WRITE', info }, workshop.runtime))
    }
    expect(await checkpointIsDue(table)).toBe(true)
    await writeCheckpoint(at, workshop)
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
      at = await committed(commit(at, { operation: 'STREAMING UPDATE' }, place.workshop.runtime))
      if (day % 2 === 1) await writeCheckpoint(at, place.workshop)
      place.pass(DAY)
    }
    return { ...place, at }
  }
  test('removes what is before the newest checkpoint that is past the retention, and nothing else', async () => {
    const { at, workshop } = await grown(7)
    expect(await cleanLog(at, workshop.runtime, nothingToKeep)).toBe(8)
    expect(await keysOf(at)).toEqual([
      `${name(6)}.checkpoint.parquet`,
      ...[6, 7].map((version) => `${name(version)}.json`),
      '_last_checkpoint',
    ])
    expect((await openTable(at.table, 6))?.version).toBe(6)
    expect((await reopened(at)).version).toBe(7)
  })
  test('leaves the log of others alone where they forbid it, in any letter case, until they allow us', async () => {
    const { at, workshop } = await grown(7)
    const { 'delta.enableExpiredLogCleanup': _, 'millrace.cleansLog': __, ...rest } = at.metadata.configuration
    const clean = (configuration: Record<string, string>) =>
      cleanLog(
        { ...at, metadata: { ...at.metadata, configuration: { ...rest, ...configuration } } },
        workshop.runtime,
        nothingToKeep,
      )
    const forbidden = { 'Delta.EnableExpiredLogCleanup': 'False' }
    expect(await clean({ 'delta.enableExpiredLogCleanup': 'false' })).toBe(0)
    expect(await clean(forbidden)).toBe(0)
    expect(await clean({ ...forbidden, 'millrace.cleansLog': 'false' })).toBe(0)
    expect(await clean({ ...forbidden, 'millrace.cleansLog': 'TRUE' })).toBe(8)
  })
  test('hands over the versions that go before any of them is gone, and leaves all where they could not be kept', async () => {
    const { at, workshop } = await grown(5)
    const seen: (readonly number[])[] = []
    const before = (isKept: boolean) => async (_: unknown, versions: readonly number[]) => {
      seen.push(versions)
      expect((await openTable(at.table, 0))?.version).toBe(0)
      return isKept
    }
    expect(await cleanLog(at, workshop.runtime, before(false))).toBe(0)
    expect(await cleanLog(at, workshop.runtime, before(true))).toBeGreaterThan(0)
    expect(seen).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
  })
  test('leaves everything where there is no checkpoint to stand on', async () => {
    const { snapshot, workshop, pass } = await timed()
    pass(30 * DAY)
    expect(await cleanLog(snapshot, workshop.runtime, nothingToKeep)).toBe(0)
  })
  test('leaves the last hour, whatever the retention says', async () => {
    const { snapshot, workshop, pass } = await timed({ 'delta.logRetentionDuration': 'interval 0 seconds' })
    const at = await committed(commit(snapshot, { operation: 'WRITE' }, workshop.runtime))
    await writeCheckpoint(at, workshop)
    pass(HOUR - 1)
    expect(await cleanLog(at, workshop.runtime, nothingToKeep)).toBe(0)
    pass(1)
    expect(await cleanLog(at, workshop.runtime, nothingToKeep)).toBe(1)
  })
})

describe('optimize', () => {
  async function scattered(partitionColumns: string[] = []) {
    let snapshot = await atelier.create({ schema, partitionColumns })
    const text = partitionColumns.length > 0 ? `'p' || (i % 2)` : `'row ' || i`
    for (let i = 0; i < 10; i++) {
      const query = `SELECT i AS id, ${text} AS text FROM range(${i * 10}, ${i * 10 + 10}) t(i)`
      snapshot = await committed(appendRows(snapshot, query, atelier))
    }
    return snapshot
  }
  test('makes one file of many, with the same rows', async () => {
    const result = await optimizeTable(await scattered(), atelier)
    expect(result).toMatchObject({ removedFiles: 10, addedFiles: 1, conflicts: 0 })
    const after = await reopened(result.snapshot)
    expect(after.files.size).toBe(1)
    expect(await atelier.ask(after, SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('keeps partitions apart', async () => {
    const result = await optimizeTable(await scattered(['text']), atelier)
    expect(result).toMatchObject({ removedFiles: 20, addedFiles: 2 })
    expect(await atelier.ask(await reopened(result.snapshot), SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('says that no row has changed', async () => {
    const { snapshot } = await optimizeTable(await scattered(), atelier)
    expect([...snapshot.files.values()].map(({ dataChange }) => dataChange)).toEqual([false])
    const [newest] = await tableHistory(snapshot.table, 1)
    expect(newest).toMatchObject({ operation: 'OPTIMIZE', addedFiles: 1, removedFiles: 10 })
  })
  test('goes on beside appends, and steps back from what others have removed', async () => {
    const base = await scattered()
    await committed(appendRows(base, rows(100, 110), atelier))
    const beside = await optimizeTable(base, atelier)
    expect(beside).toMatchObject({ removedFiles: 10, conflicts: 0 })
    expect(await atelier.ask(await reopened(base), SUMS)).toEqual([{ n: '110', ids: '5995' }])
    const late = await optimizeTable(base, atelier)
    expect(late).toMatchObject({ removedFiles: 0, conflicts: 1 })
    expect(await atelier.ask(await reopened(base), SUMS)).toEqual([{ n: '110', ids: '5995' }])
  })
  test('that is called off half-way leaves whole commits, and no file where files are made', async () => {
    const stop = new AbortController()
    const runtime = { ...atelier.runtime, crashPoint: () => stop.abort() }
    const base = await scattered(['text'])
    const folder = join(atelier.folder, 'called-off')
    const made = await optimizeTable(base, { ...atelier, folder, runtime }, { signal: stop.signal })
    expect(made).toMatchObject({ removedFiles: 10, addedFiles: 1, conflicts: 0 })
    expect(await readdir(folder)).toEqual([])
    expect(await atelier.ask(await reopened(base), SUMS)).toEqual([{ n: '100', ids: '4950' }])
  })
  test('has nothing to do the second time', async () => {
    const { snapshot } = await optimizeTable(await scattered(), atelier)
    expect(await optimizeTable(snapshot, atelier)).toMatchObject({ removedFiles: 0, addedFiles: 0 })
  })
})

describe('vacuum', () => {
  async function replaced() {
    const place = await timed()
    let at = await committed(appendRows(place.snapshot, rows(0, 3), place.workshop))
    const [old] = await keysOf(at, 'part-')
    at = await committed(overwriteRows(at, rows(3, 6), place.workshop))
    return { ...place, at, old: `timed/part-${old}` }
  }
  test('deletes what was removed longer ago than the retention, and says before what it would', async () => {
    const { at, old, workshop, pass } = await replaced()
    pass(DAY - 1)
    expect((await vacuumTable(at, workshop)).keys).toEqual([])
    pass(2)
    expect(await vacuumTable(at, workshop, { dryRun: true })).toMatchObject({ keys: [old], deleted: false })
    expect(await keysOf(at, 'part-')).toHaveLength(2)
    expect(await vacuumTable(at, workshop)).toMatchObject({ keys: [old], deleted: true })
    expect(await keysOf(at, 'part-')).toHaveLength(1)
    expect(await atelier.ask(at, SUMS)).toEqual([{ n: '3', ids: '12' }])
  })
  test('keeps an old file that was removed just now', async () => {
    const { snapshot, workshop, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), workshop))
    pass(10 * DAY)
    at = await committed(overwriteRows(await reopened(at), rows(3, 6), workshop))
    expect((await vacuumTable(at, workshop)).keys).toEqual([])
    await writeCheckpoint(at, workshop)
    expect((await vacuumTable(await reopened(at), workshop)).keys).toEqual([])
  })
  test('deletes what no commit ever named, when it is old enough', async () => {
    const { at, table, workshop, pass } = await replaced()
    await table.store.put('timed/part-orphan.parquet', new Uint8Array(3))
    expect((await vacuumTable(at, workshop)).keys).toEqual([])
    pass(2 * DAY)
    expect((await vacuumTable(at, workshop)).keys).toContain('timed/part-orphan.parquet')
  })
  test('never touches the log, hidden folders or another table', async () => {
    const { at, table, workshop, pass } = await replaced()
    const others = ['timed/_change_data/x', 'timed/.hidden/x', 'timed2/part-x', 'timed/_delta_log/x']
    for (const key of others) await table.store.put(key, new Uint8Array(1))
    pass(30 * DAY)
    const { keys } = await vacuumTable(at, workshop)
    expect(keys.filter((key) => others.includes(key))).toEqual([])
  })
  test('refuses less than the retention unless it is forced', async () => {
    const { at, old, workshop } = await replaced()
    await expect(vacuumTable(at, workshop, { retentionMs: HOUR })).rejects.toThrow(
      'keeps removed files for 24 hours, not 1',
    )
    const forced = await vacuumTable(at, workshop, { retentionMs: -1, force: true })
    expect(forced.keys).toEqual([old])
  })
})

describe('restore', () => {
  test('brings back an older version as a new one', async () => {
    let at = await atelier.create({ schema })
    at = await committed(appendRows(at, rows(0, 3), atelier))
    at = await committed(overwriteRows(at, rows(3, 6), atelier))
    at = await committed(restoreTable(at, 1, atelier.runtime))
    expect(await atelier.ask(await reopened(at), SUMS)).toEqual([{ n: '3', ids: '3' }])
    expect(at.version).toBe(3)
  })
  test('refuses a version whose files are gone', async () => {
    const { snapshot, workshop, pass } = await timed()
    let at = await committed(appendRows(snapshot, rows(0, 3), workshop))
    at = await committed(overwriteRows(at, rows(3, 6), workshop))
    pass(2 * DAY)
    await vacuumTable(at, workshop)
    await expect(restoreTable(await reopened(at), 1, workshop.runtime)).rejects.toThrow('1 files are gone by vacuum')
  })
  test('takes the progress back with the rows, or keeps it, but asks which', async () => {
    const txn = (version: bigint) => ({ txn: [{ appId: 'app', version }] })
    const restored = async (choice?: 'keep' | 'rewind') => {
      let at = await atelier.create({ schema })
      at = await committed(appendRows(at, rows(0, 3), atelier, txn(3n)))
      at = await committed(appendRows(at, rows(3, 6), atelier, txn(6n)))
      return (await reopened(await committed(restoreTable(at, 1, atelier.runtime, choice)))).txns.get('app')
    }
    await expect(restored()).rejects.toThrow('carries the progress of its writers')
    expect(await restored('keep')).toBe(6n)
    expect(await restored('rewind')).toBe(3n)
  })
})

test('history tells each entry, the newest first', async () => {
  let at = await atelier.create({ schema })
  at = await committed(appendRows(at, rows(0, 3), atelier, { userMetadata: 'by hand' }))
  await committed(overwriteRows(at, rows(3, 6), atelier))
  const history = await tableHistory(at.table)
  expect(history.map(({ version, operation }) => [version, operation])).toEqual([
    [2, 'WRITE'],
    [1, 'WRITE'],
    [0, 'CREATE TABLE'],
  ])
  expect(history[1]).toMatchObject({ userMetadata: 'by hand', metrics: { numOutputRows: '3', numFiles: '1' } })
  expect(await tableHistory(at.table, 1)).toHaveLength(1)
})

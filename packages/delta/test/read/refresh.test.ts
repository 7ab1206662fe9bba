import { openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { expect, test } from 'vitest'
import { openTable, refresh, type Snapshot } from '../../src/index.ts'
import { commitName, versionName } from '../../src/log/log.ts'
import { add, CHECKPOINT_ROWS, grown, parquetOf, remove, type Scripted } from './scripted.ts'

/** The calls that reach the store. */
function counted(store: ObjectStore) {
  const calls: string[] = []
  const noted: ObjectStore = {
    ...store,
    get: (key, range) => {
      calls.push(`get ${key.slice(key.lastIndexOf('/') + 1)}`)
      return store.get(key, range)
    },
    keys: (prefix, after) => {
      calls.push('list')
      return store.keys(prefix, after)
    },
  }
  return { calls, store: noted }
}

async function opened({ table, store }: Scripted) {
  const { calls, store: noted } = counted(store)
  const snapshot = (await openTable({ ...table, store: noted })) as Snapshot
  calls.length = 0
  return { snapshot, calls }
}

const files = (snapshot: Snapshot | undefined) => snapshot?.files.keys().toArray().sort()

test('a table that did not change is told by two reads, without a listing', async () => {
  const { snapshot, calls } = await opened(grown(3))
  expect(await refresh(snapshot)).toBe(snapshot)
  expect(calls).toEqual([`get ${commitName(4)}`, `get ${commitName(3)}`])
})

test('a new entry is found without a listing, and leaves the older snapshot as it was', async () => {
  const log = grown(3)
  const { snapshot, calls } = await opened(log)
  log.commit(add('new'), remove('2'), { txn: { appId: 'a', version: 5 } })
  const next = await refresh(snapshot)
  expect(calls).toEqual([`get ${commitName(4)}`, `get ${commitName(5)}`])
  expect([next.version, files(next), next.txns.get('a')]).toEqual([4, ['1', '3', 'new'], 5n])
  expect([snapshot.version, files(snapshot), snapshot.txns.get('a')]).toEqual([3, ['1', '2', '3'], undefined])
})

test('many new entries are listed once', async () => {
  const log = grown(3)
  const { snapshot, calls } = await opened(log)
  for (let i = 0; i < 200; i++) log.commit(add(`new-${i}`), ...(i % 3 === 0 ? [remove(`new-${i - 1}`)] : []))
  const next = await refresh(snapshot)
  expect(calls.filter((call) => call === 'list')).toHaveLength(1)
  expect(next.version).toBe(203)
  expect(files(next)).toEqual(files(await openTable(log.table)))
})

test('a log that was cleaned beyond our version is read from its checkpoint', async () => {
  const log = grown(3)
  const { snapshot } = await opened(log)
  for (let i = 0; i < 5; i++) log.commit(add(`new-${i}`))
  const duckdb = await openDuckDB({ files: 'all' })
  log.put(`${versionName(6)}.checkpoint.parquet`, await parquetOf(await duckdb.connect(), CHECKPOINT_ROWS))
  duckdb.close()
  for (let version = 0; version < 6; version++) log.delete(commitName(version))
  const next = await refresh(snapshot)
  expect([next.version, files(next)]).toEqual([8, ['kept-0', 'kept-1', 'kept-2', 'new-3', 'new-4']])
})

test('a torn new entry is refused', async () => {
  const log = grown(3)
  const { snapshot } = await opened(log)
  log.put(commitName(4), '{"add":')
  await expect(refresh(snapshot)).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
})

test('a table with a checkpoint is opened without a listing', async () => {
  const log = grown(3)
  const duckdb = await openDuckDB({ files: 'all' })
  log.put(`${versionName(3)}.checkpoint.parquet`, await parquetOf(await duckdb.connect(), CHECKPOINT_ROWS))
  duckdb.close()
  log.put('_last_checkpoint', '{"version":3}')
  const { calls, store } = counted(log.store)
  expect(files(await openTable({ ...log.table, store }))).toEqual(['kept-0', 'kept-1', 'kept-2'])
  expect(calls).not.toContain('list')
  log.commit(add('new'))
  log.commit(add('newer'))
  expect(files(await openTable({ ...log.table, store }))).toEqual(['kept-0', 'kept-1', 'kept-2', 'new', 'newer'])
})

test('a hint that the log has outlived is not the end', async () => {
  const log = grown(8)
  const duckdb = await openDuckDB({ files: 'all' })
  const checkpoint = await parquetOf(await duckdb.connect(), CHECKPOINT_ROWS)
  duckdb.close()
  for (const version of [3, 6]) log.put(`${versionName(version)}.checkpoint.parquet`, checkpoint)
  log.put('_last_checkpoint', '{"version":3}')
  for (let version = 0; version < 6; version++) log.delete(commitName(version))
  const snapshot = await openTable(log.table)
  expect([snapshot?.version, files(snapshot)]).toEqual([8, ['7', '8', 'kept-0', 'kept-1', 'kept-2']])
})

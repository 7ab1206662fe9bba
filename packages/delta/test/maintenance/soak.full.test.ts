import { type Runtime, systemRuntime } from '@millrace/base'
import { faultyStore, memoryStore, type Objects } from '@millrace/store'
import { expect, test } from 'vitest'
import {
  type AddFile,
  checkpointIsDue,
  cleanLog,
  commit,
  openOrCreate,
  openTable,
  removalOf,
  type Snapshot,
  vacuumTable,
  type WriteContext,
  writeCheckpoint,
} from '../../src/index.ts'
import { column, committed, openTestTables, struct } from '../test-tables.ts'

const COMMITS = 1_000_000
const A_SECOND = 10
const CARE_EVERY = 5_000
const MINUTE = 60_000

test(
  `after ${COMMITS} commits with maintenance on, a table is as small and as quick to open as after a hundredth`,
  async () => {
    const testTables = await openTestTables()
    const objects: Objects = new Map()
    let now = Date.UTC(2024, 0, 1)
    const runtime: Runtime = { ...systemRuntime, now: () => now, monotonic: () => now, sleep: async () => {} }
    const context: WriteContext = { ...testTables, runtime }
    const store = memoryStore(objects, runtime)
    const table = { store, path: 'soak' }
    const configuration = {
      'delta.logRetentionDuration': 'interval 1 hour',
      'delta.deletedFileRetentionDuration': 'interval 1 hour',
    }
    let snapshot = await openOrCreate(table, { schema: struct(column('id', 'long')), configuration }, runtime)

    const file = async (name: string, dataChange: boolean): Promise<AddFile> => {
      await store.put(`soak/${name}`, new Uint8Array(1))
      return { path: name, partitionValues: {}, size: 1, modificationTime: now, dataChange, stats: '{"numRecords":1}' }
    }
    const append = async (i: number) => {
      now += 1000 / A_SECOND
      const add = [await file(`part-${i}`, true)]
      const txn = [{ appId: 'source#0', version: BigInt(i) }]
      snapshot = await committed(commit(snapshot, { operation: 'STREAMING UPDATE', add, txn }, runtime))
    }
    const compact = async (i: number) => {
      const remove = [...snapshot.files.values()].map((old) => removalOf(old, now, false))
      const add = [await file(`compacted-${i}`, false)]
      snapshot = await committed(commit(snapshot, { operation: 'OPTIMIZE', add, remove }, runtime))
    }
    const tend = async (i: number) => {
      await compact(i)
      if (await checkpointIsDue(table)) await writeCheckpoint(snapshot, context)
      await cleanLog(snapshot, runtime, async () => true)
      await vacuumTable(snapshot, context)
    }
    const size = async () => {
      let calls = 0
      const counted = faultyStore(store, () => void calls++, runtime)
      const opened = (await openTable({ ...table, store: counted })) as Snapshot
      expect(opened.version).toBe(snapshot.version)
      expect(opened.txns.get('source#0')).toBe(snapshot.txns.get('source#0'))
      return { objects: objects.size, calls, files: opened.files.size }
    }

    const sizes: Awaited<ReturnType<typeof size>>[] = []
    for (let i = 1; i <= COMMITS; i++) {
      await append(i)
      if (i % CARE_EVERY === 0) await tend(i)
      if (i % (COMMITS / 10) === 0) sizes.push(await size())
    }
    await testTables.close()
    for (const later of sizes) {
      expect(later.objects).toBeLessThanOrEqual((sizes[0]?.objects ?? 0) * 1.1)
      expect(later.calls).toBeLessThanOrEqual((sizes[0]?.calls ?? 0) + CARE_EVERY)
      expect(later.files).toBeLessThanOrEqual(CARE_EVERY)
    }
  },
  60 * MINUTE,
)

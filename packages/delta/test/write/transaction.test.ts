import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import { type Fault, faultyStore } from '@millrace/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AddFile,
  commit,
  openOrCreate,
  openTable,
  removalOf,
  type Snapshot,
  stageRows,
  type Transaction,
  uploadAll,
} from '../../src/index.ts'
import { commitName } from '../../src/log/log.ts'
import { column, openTestTables, reopened, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const runtime: Runtime = { ...systemRuntime, sleep: async () => {} }
const schema = struct(column('id', 'long'))
const create = () => openOrCreate(testTables.table(), { schema }, runtime)

let files = 0
const file = (more: Partial<AddFile> = {}): AddFile => ({
  path: `file${files++}`,
  partitionValues: {},
  size: 1,
  modificationTime: Date.now(),
  dataChange: true,
  ...more,
})

const append = (add: AddFile = file()): Transaction => ({ operation: 'WRITE', add: [add] })
const removal = (gone: AddFile): Transaction => ({ operation: 'DELETE', remove: [removalOf(gone, Date.now())] })

async function made(base: Snapshot, transaction: Transaction): Promise<Snapshot> {
  const { outcome, snapshot } = await commit(base, transaction, runtime)
  expect(outcome).toBe('committed')
  return snapshot
}

describe('of two transactions on one snapshot', () => {
  /** A table with one file, somebody else's commit, then ours, which knows nothing of it. */
  async function second(theirs: (there: AddFile) => Transaction, ours: (there: AddFile) => Transaction) {
    const there = file()
    const base = await made(await create(), append(there))
    await made(base, theirs(there))
    const result = await commit(base, ours(there), runtime)
    return result.outcome === 'conflict' ? result.reason : result.outcome
  }
  const reading = (transaction: Transaction): Transaction => ({ ...transaction, reads: () => true })
  const txn = (version: bigint): Transaction => ({ operation: 'WRITE', txn: [{ appId: 'app', version }] })
  const metadata = (change: (text: string) => string) => ({
    operation: 'ALTER',
    metadata: {
      id: 'same',
      format: { provider: 'parquet', options: {} },
      schemaString: change(JSON.stringify(schema)),
      partitionColumns: [],
      configuration: {},
    },
  })

  test('appends both go in', async () => {
    expect(
      await second(
        () => append(),
        () => append(),
      ),
    ).toBe('committed')
  })
  test('an append goes in after a removal, and a removal after an append', async () => {
    expect(await second(removal, () => append())).toBe('committed')
    expect(await second(() => append(), removal)).toBe('committed')
  })
  test('a removal of what has been removed does not', async () => {
    expect(await second(removal, removal)).toBe('removed')
  })
  test('what has read a file that has been removed does not', async () => {
    expect(await second(removal, () => reading(append()))).toBe('removed')
  })
  test('what has read where a file has been added does not', async () => {
    expect(
      await second(
        () => append(),
        () => reading(append()),
      ),
    ).toBe('added')
    expect(
      await second(
        () => append(),
        () => ({ ...append(), reads: () => false }),
      ),
    ).toBe('committed')
  })
  test('a compaction goes in after an append, and does not after a removal of one of its files', async () => {
    const compaction = (there: AddFile): Transaction => ({
      operation: 'OPTIMIZE',
      add: [file({ dataChange: false })],
      remove: [removalOf(there, Date.now(), false)],
    })
    expect(await second(() => append(), compaction)).toBe('committed')
    expect(await second(removal, compaction)).toBe('removed')
    expect(await second(compaction, () => append())).toBe('committed')
  })
  test('progress of one application is moved by one; of two, by both', async () => {
    expect(
      await second(
        () => txn(1n),
        () => txn(2n),
      ),
    ).toBe('progress')
    expect(
      await second(
        () => txn(1n),
        () => ({ ...txn(2n), txn: [{ appId: 'other', version: 1n }] }),
      ),
    ).toBe('committed')
  })
  test('nothing goes in after another table came in its place', async () => {
    const other = () => metadata((text) => text)
    expect(await second(other, () => append())).toBe('metadata')
  })
  test('a deletion vector on a file is a removal of it', async () => {
    const deletionVector = { storageType: 'i' as const, pathOrInlineDv: 'x', sizeInBytes: 1, cardinality: 1 }
    const vector = (there: AddFile): Transaction => ({
      operation: 'DELETE',
      remove: [removalOf(there, Date.now())],
      add: [{ ...there, deletionVector }],
    })
    expect(await second(vector, removal)).toBe('removed')
  })
})

describe('after a change of the metadata', () => {
  async function afterChange(change: (snapshot: Snapshot) => Partial<Snapshot['metadata']>, ours: Transaction) {
    const base = await made(await create(), append())
    const metadata = { ...base.metadata, ...change(base) }
    await made(base, { operation: 'ALTER', metadata })
    const result = await commit(base, ours, runtime)
    return result.outcome === 'conflict' ? result.reason : result.outcome
  }
  const wider = () => ({ schemaString: JSON.stringify(struct(...schema.fields, column('new', 'string'))) })

  test('an append goes in where its columns are still there, others only where nothing changed for them', async () => {
    expect(await afterChange(wider, append())).toBe('committed')
    expect(await afterChange(wider, { ...append(), reads: () => false })).toBe('metadata')
    expect(await afterChange(() => ({ description: 'changed' }), { ...append(), reads: () => false })).toBe('committed')
  })
  test('an append does not go in where a column is another one', async () => {
    const other = () => ({ schemaString: JSON.stringify(struct(column('id', 'string'))) })
    expect(await afterChange(other, append())).toBe('metadata')
    expect(await afterChange(() => ({ partitionColumns: ['id'] }), append())).toBe('metadata')
  })
  test('rows that were checked by other rules do not go in; a constraint that can not be checked is refused', async () => {
    const constraint = (expression: string) => (base: Snapshot) => ({
      configuration: { ...base.metadata.configuration, 'delta.constraints.positive': expression },
    })
    expect(await afterChange(constraint('id > 0'), append())).toBe('metadata')
    expect(await afterChange(constraint('id > 0'), append(file({ dataChange: false })))).toBe('committed')
    const shorter = struct({ ...column('id', 'long'), nullable: false })
    expect(await afterChange(() => ({ schemaString: JSON.stringify(shorter) }), append())).toBe('metadata')
    await expect(afterChange(constraint('abs(id) > 0'), append())).rejects.toThrow('constraint positive')
  })
})

test('progress is not written to a table that would forget it', async () => {
  const base = await create()
  const configuration = { ...base.metadata.configuration, 'delta.setTransactionRetentionDuration': 'interval 1 day' }
  const forgetful = await made(base, { operation: 'ALTER', metadata: { ...base.metadata, configuration } })
  const progress = { operation: 'WRITE', txn: [{ appId: 'app', version: 1n }] }
  await expect(commit(forgetful, progress, runtime)).rejects.toThrow('forgets its writers')
  await made(forgetful, append())
})

describe('a fence', () => {
  test('is asked of the newest state, and keeps the commit out when it says no', async () => {
    const base = await create()
    await made(base, append())
    const asked: number[] = []
    const fence = (latest: Snapshot) => asked.push(latest.version) < 2
    expect((await commit(base, { ...append(), fence }, runtime)).outcome).toBe('fenced')
    expect(asked).toEqual([0, 1])
    expect((await reopened(base)).version).toBe(1)
  })
})

describe('an answer that got lost', () => {
  /** Ours meets `fault` at its first `times` tries to create the entry. */
  async function meeting(fault: Fault, times: number) {
    const base = await create()
    let left = times
    const plan = ({ operation }: { operation: string }) =>
      operation === 'putIfAbsent' && left-- > 0 ? fault : undefined
    const store = faultyStore(testTables.store, plan, runtime)
    return { base, result: commit(await opened({ ...base.table, store }), append(), runtime) }
  }
  test.each(['refused', 'answer lost', 'late', 'own taken'] as const)(
    'is found out, and the commit is there once: %s',
    async (fault) => {
      const { base, result } = await meeting(fault, 1)
      expect((await result).outcome).toBe('committed')
      const after = await reopened(base)
      expect([after.version, after.files.size]).toEqual([1, 1])
    },
  )
  test('again and again is an error in the end', async () => {
    const { result } = await meeting('refused', 100)
    await expect(result).rejects.toThrow('reduce your request rate')
  })
  test('is not tried again where that is no use', async () => {
    const base = await create()
    let tries = 0
    const putIfAbsent = async () => {
      tries++
      throw new MillraceError('STORE_UNSUITABLE', 'no links here')
    }
    const ours = await opened({ ...base.table, store: { ...testTables.store, putIfAbsent } })
    await expect(commit(ours, append(), runtime)).rejects.toThrow('no links here')
    expect(tries).toBe(1)
  })
})

test('a commit on the newest version costs one call, however long the log', async () => {
  let calls = 0
  const count = () => {
    calls++
    return undefined
  }
  const store = faultyStore(testTables.store, count, runtime)
  let snapshot = await openOrCreate({ store, path: 'calls' }, { schema }, runtime)
  for (let i = 0; i < 50; i++) {
    calls = 0
    snapshot = await made(snapshot, append())
    expect(calls).toBe(1)
  }
  expect(snapshot.files.size).toBe(50)
  expect((await reopened(snapshot)).files.size).toBe(50)
})

test('others that are always faster end the tries, after a bounded number', async () => {
  const base = await create()
  let theirs = base
  let tries = 0
  const putIfAbsent = async (key: string, bytes: Uint8Array) => {
    theirs = await made(theirs, append())
    tries++
    return testTables.store.putIfAbsent(key, bytes)
  }
  const ours = await opened({ ...base.table, store: { ...testTables.store, putIfAbsent } })
  expect(await commit(ours, append(), runtime)).toMatchObject({ outcome: 'conflict', reason: 'contended' })
  expect((await reopened(base)).files.size).toBe(tries)
})

async function opened(table: Snapshot['table']): Promise<Snapshot> {
  const snapshot = await openTable(table)
  if (!snapshot) throw new Error('no table')
  return snapshot
}

describe('a sleeper', () => {
  const HOUR = 3_600_000
  const clock = () => {
    let [wall, monotonic] = [Date.now(), 0]
    return {
      runtime: { ...runtime, now: () => wall, monotonic: () => monotonic },
      sleep: (times: { wall?: number; monotonic?: number }) => {
        wall += times.wall ?? 0
        monotonic += times.monotonic ?? 0
      },
    }
  }
  test.each([{ wall: 13 * HOUR }, { monotonic: 13 * HOUR }, { wall: -HOUR, monotonic: 13 * HOUR }])(
    'does not commit files that vacuum may have taken: %o',
    async (time) => {
      const { runtime: asleep, sleep } = clock()
      const base = await openOrCreate(testTables.table(), { schema }, asleep)
      const since = { wall: asleep.now(), monotonic: asleep.monotonic() }
      const transaction = { ...append(file({ modificationTime: asleep.now() })), since }
      sleep(time)
      expect(await commit(base, transaction, asleep)).toMatchObject({ outcome: 'conflict', reason: 'stale' })
      expect((await reopened(base)).version).toBe(0)
    },
  )
  test('knows how long ago its files were begun, by either clock', async () => {
    const { runtime: asleep, sleep } = clock()
    const base = await openOrCreate(testTables.table(), { schema }, asleep)
    const staged = await stageRows(testTables.connection, 'SELECT 1 AS id', base, testTables.folder, asleep)
    await uploadAll(base.table, staged)
    sleep({ wall: -HOUR, monotonic: 13 * HOUR })
    const transaction = { operation: 'WRITE', add: staged.map(({ add }) => add) }
    expect(await commit(base, transaction, asleep)).toMatchObject({ outcome: 'conflict', reason: 'stale' })
  })
  test('of less than half the retention commits', async () => {
    const { runtime: asleep, sleep } = clock()
    const base = await openOrCreate(testTables.table(), { schema }, asleep)
    const transaction = append(file({ modificationTime: asleep.now() }))
    sleep({ wall: 11 * HOUR, monotonic: 11 * HOUR })
    expect((await commit(base, transaction, asleep)).outcome).toBe('committed')
  })
  test('that creates an entry which the table had passed long before learns that it is none', async () => {
    const { runtime: asleep, sleep } = clock()
    const base = await openOrCreate(testTables.table(), { schema }, asleep)
    const log = join(testTables.lake, base.table.path, '_delta_log')
    // While it sleeps in the middle of its put, the others go on to version 3 and the log is cleaned up to there.
    const sleepy = {
      ...testTables.store,
      putIfAbsent: async (key: string, bytes: Uint8Array) => {
        if (key.endsWith(commitName(1))) {
          let theirs = await opened(base.table)
          for (let i = 0; i < 3; i++) theirs = await made(theirs, append())
          for (const version of [1, 2, 3]) await utimes(join(log, commitName(version)), 0, 0)
          await testTables.store.delete(`${base.table.path}/_delta_log/${commitName(1)}`)
          sleep({ wall: 2 * HOUR })
        }
        return testTables.store.putIfAbsent(key, bytes)
      },
    }
    const result = await commit(
      await openOrCreate({ ...base.table, store: sleepy }, { schema }, asleep),
      { ...append(), since: { wall: asleep.now() + 2 * HOUR, monotonic: 0 } },
      asleep,
    )
    expect(result).toMatchObject({ outcome: 'conflict', reason: 'stale' })
  })
})

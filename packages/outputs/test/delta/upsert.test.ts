import { systemRuntime } from '@millrace/base'
import { openTable, planScan, withScan } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { type Output, outputAt } from '@millrace/outputs'
import { memoryStore, type ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Batches, openBatches } from '../batches.ts'
import { peopleDataset, person } from '../keyed.ts'
import { createWithVectors, optimizePeople, peopleIn, TABLE } from './people-table.ts'

let batches: Batches
beforeAll(async () => {
  batches = await openBatches(peopleDataset())
})
afterAll(() => batches.close())

let store: ObjectStore
beforeEach(() => {
  store = memoryStore(new Map(), systemRuntime)
})

/** A worker with a partition of its own. */
async function openWorker(
  id: string,
  at: ObjectStore = store,
  dataset: Dataset = batches.dataset,
  machine: Machine = batches.machine,
) {
  const { open } = await outputAt('delta')
  const output: Output = await open({ address: 'delta', table: TABLE, dataset, group: 'g', machine, store: at })
  const partition = { topic: 'people', identity: 'first', id }
  await output.begin([partition])
  await output.commit(undefined, [{ partition, from: undefined, to: [0n] }])
  await output.begin([partition])
  let position = 0
  return {
    output,
    async changes(...values: readonly string[]) {
      const [from, to] = [BigInt(position), BigInt(position + values.length)]
      const prepared = await output.prepare(batches.batch('g', { partition, from: position, values }))
      const result = await output.commit(prepared, [{ partition, from: [from], to: [to] }])
      expect(result.outcome).toBe('committed')
      position += values.length
    },
  }
}

/** A store in which something happens right before the next entry of the table's log is created. */
function interrupted(happens: () => Promise<unknown>): ObjectStore {
  let left = 1
  return {
    ...store,
    async putIfAbsent(key, bytes) {
      if (key.startsWith(`${TABLE}/_delta_log/`) && isArmed && left-- > 0) await happens()
      return store.putIfAbsent(key, bytes)
    },
  }
}
let isArmed = false
beforeEach(() => {
  isArmed = false
})

const people = () => peopleIn(store, batches.machine)
const filesOf = async () => [...((await openTable({ store, path: TABLE }))?.files.values() ?? [])]

describe.each([
  ['copied files', false],
  ['deletion vectors', true],
])('a keyed table, by %s', (_, vectors) => {
  beforeEach(async () => {
    if (vectors) await createWithVectors(store, batches.dataset)
  })

  test('keeps the newest row of each key, and no row of a deleted one', async () => {
    const worker = await openWorker('0')
    await worker.changes(person(1, 1, 'a'), person(2, 1, 'b'), person(3, 1, 'c'))
    await worker.changes(person(1, 2, 'a2'), person(2, 2, null, 'd'), person(4, 1, 'd'))
    expect(await people()).toEqual(['1: a2 (2)', '3: c (1)', '4: d (1)'])
    expect((await filesOf()).some(({ deletionVector }) => deletionVector)).toBe(vectors)
    expect(worker.output.describe().rows).toBe(3)
  })

  test('is not overwritten by an older change that comes late', async () => {
    const worker = await openWorker('0')
    await worker.changes(person(1, 5, 'newer'))
    await worker.changes(person(1, 4, 'older'), person(2, 1, 'another'))
    expect(await people()).toEqual(['1: newer (5)', '2: another (1)'])
  })

  test('does not bring back a deleted row by an older change, and does by a newer one', async () => {
    const worker = await openWorker('0')
    await worker.changes(person(1, 1, 'a'))
    await worker.changes(person(1, 5, null, 'd'), person(2, 5, null, 'd'))
    await worker.changes(person(1, 4, 'late'), person(2, 4, 'late'), person(3, 4, 'other'))
    expect(await people()).toEqual(['3: other (4)'])
    await worker.changes(person(1, 6, 'again'))
    expect(await people()).toEqual(['1: again (6)', '3: other (4)'])
  })

  test('compares again where another worker deletes the key meanwhile', async () => {
    const deleter = await openWorker('1')
    const updater = await openWorker(
      '0',
      interrupted(() => deleter.changes(person(1, 5, null, 'd'))),
    )
    isArmed = true
    await updater.changes(person(1, 4, 'older than its delete'))
    expect(await people()).toEqual([])
  })

  test('compares again where another worker brings the key meanwhile', async () => {
    const other = await openWorker('1')
    const worker = await openWorker(
      '0',
      interrupted(() => other.changes(person(1, 5, 'newer'))),
    )
    isArmed = true
    await worker.changes(person(1, 4, 'older'))
    expect(await people()).toEqual(['1: newer (5)'])
  })

  test('loses and doubles no row where its files are compacted meanwhile', async () => {
    const first = await openWorker('1')
    for (const id of [1, 2, 3]) await first.changes(person(id, 1, `first ${id}`))
    const compacts = () => optimizePeople(store, batches.machine)
    const worker = await openWorker('0', interrupted(compacts))
    isArmed = true
    await worker.changes(person(2, 2, 'second'), person(3, 2, null, 'd'))
    expect(await people()).toEqual(['1: first 1 (1)', '2: second (2)'])
  })

  test('loses and doubles no row where they are changed while they are compacted', async () => {
    const worker = await openWorker('0')
    for (const id of [1, 2, 3]) await worker.changes(person(id, 1, `first ${id}`))
    isArmed = true
    const change = () => worker.changes(person(2, 2, 'second'), person(3, 2, null, 'd'))
    await optimizePeople(interrupted(change), batches.machine)
    expect(await people()).toEqual(['1: first 1 (1)', '2: second (2)'])
    await optimizePeople(store, batches.machine)
    expect(await people()).toEqual(['1: first 1 (1)', '2: second (2)'])
    expect((await filesOf()).map(({ deletionVector }) => deletionVector ?? null)).toEqual([null])
  })

  test('leaves files alone that can hold none of the keys', async () => {
    const worker = await openWorker('0')
    for (const from of [0, 10, 20]) {
      await worker.changes(...Array.from({ length: 10 }, (_, i) => person(from + i, 1, 'x')))
    }
    const before = new Map((await filesOf()).map((file) => [file.path, file.deletionVector]))
    await worker.changes(person(3, 2, 'y'), person(27, 2, 'y'))
    const untouched = (await filesOf()).filter(({ path, deletionVector }) => {
      return before.has(path) && before.get(path) === deletionVector
    })
    expect(untouched).toHaveLength(1)
  })
})

test('maintenance leaves few files of a long stream of changes, sorted by key, and folds away marked rows', async () => {
  await createWithVectors(store, batches.dataset)
  const worker = await openWorker('0')
  const optimize = async () =>
    worker.output.maintenance.find(({ name }) => name === 'optimize')?.run(new AbortController().signal)
  const marked = async () => (await filesOf()).reduce((sum, file) => sum + (file.deletionVector?.cardinality ?? 0), 0)
  const names = new Map<number, string>()
  for (let i = 0; i < 70; i++) {
    const ids = [(i * 37) % 500, 500 + i]
    for (const id of ids) names.set(id, `${id}: ${i} (${i})`)
    await worker.changes(...ids.map((id) => person(id, i, `${i}`)))
    // No batch has made a file that would be worth it, and there are not too many of them.
    if (i === 30) expect([await optimize(), (await filesOf()).length]).toEqual([false, 31])
  }
  const expected = [...names].sort(([a], [b]) => a - b).map(([, text]) => text)
  expect([(await filesOf()).length, await marked()]).toEqual([70, 0])
  expect(await optimize()).toBe(true)
  expect(await filesOf()).toMatchObject([{ dataChange: false }])
  expect(await idsAsStored()).toEqual([...names.keys()].sort((a, b) => a - b))

  await worker.changes(...[0, 37, 74, 111, 148, 185].map((id) => person(id, 100, 'x')))
  expect([await marked(), await optimize(), await marked()]).toEqual([6, false, 6])
  await worker.changes(...[222, 259, 296].map((id) => person(id, 100, 'x')))
  expect([await marked(), await optimize(), await marked()]).toEqual([9, true, 0])
  const changed = (text: string) => [0, 37, 74, 111, 148, 185, 222, 259, 296].includes(Number(text.split(':')[0]))
  expect(await people()).toEqual(expected.map((text) => (changed(text) ? `${text.split(':')[0]}: x (100)` : text)))
})

/** The keys of all rows, file by file, in the order in which they are there. */
async function idsAsStored(): Promise<number[]> {
  const table = await openTable({ store, path: TABLE })
  if (!table) return []
  const connection = await batches.machine.engine.connect()
  try {
    const reader = await withScan({ ...planScan(table), positions: true }, connection, (rows) =>
      connection.runAndReadAll(`SELECT id FROM (${rows}) ORDER BY millrace_file, millrace_row`),
    )
    return reader.getRows().map(([id]) => Number(id))
  } finally {
    connection.closeSync()
  }
}

test('a change that changes nothing is left out where the data set says so', async () => {
  const dataset = peopleDataset({ ignoreEqual: true })
  const worker = await openWorker('0', store, dataset)
  await worker.changes(person(1, 1, 'a'), person(2, 1, 'b'))
  await worker.changes(person(1, 2, 'a'), person(2, 2, 'b2'))
  expect(await people()).toEqual(['1: a (1)', '2: b2 (2)'])
})

test('a deleted key is remembered for as long as the data set says, and then forgotten', async () => {
  const dataset = peopleDataset({ tombstoneRetention: '1 hour' })
  let minutes = 0
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + minutes * 60_000 }
  const worker = await openWorker('0', store, dataset, { ...batches.machine, runtime })
  await worker.changes(person(1, 5, null, 'd'))
  await worker.changes(person(1, 4, 'late'))
  const remembered = async () => (await openTable({ store, path: `${TABLE}_tombstones` }))?.files.size
  const vacuum = worker.output.maintenance.find(({ name }) => name === 'vacuum')
  minutes = 59
  await vacuum?.run(new AbortController().signal)
  expect([await people(), await remembered()]).toEqual([[], 1])
  minutes = 61
  await vacuum?.run(new AbortController().signal)
  expect(await remembered()).toBe(0)
  await worker.changes(person(1, 4, 'after the span'))
  expect(await people()).toEqual(['1: after the span (4)'])
})

test('an append-only table is refused before anything is read', async () => {
  const properties = { 'delta.appendOnly': 'true' }
  const { openOrCreate } = await import('@millrace/delta')
  const { schema } = batches.dataset
  await openOrCreate({ store, path: TABLE }, { schema, configuration: properties }, systemRuntime)
  await expect(openWorker('0')).rejects.toMatchObject({ code: 'TABLE_UNSUPPORTED' })
})

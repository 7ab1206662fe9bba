import { systemRuntime } from '@millrace/base'
import { discardStaged, openOrCreate } from '@millrace/delta'
import { memoryStore } from '@millrace/store'
import type { Cleaner } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { type Row, tableInMemory } from '../src/index.ts'
import { openBatches, userRecord } from './batches.ts'
import { peopleDataset, person } from './keyed.ts'

let cleaned = 0
const counting = (cleaner: Cleaner): Cleaner => ({
  ...cleaner,
  cleanIntoFiles(...given) {
    cleaned++
    return cleaner.cleanIntoFiles(...given)
  },
})

const batches = await openBatches(undefined, counting)
afterAll(() => batches.close())

const P0 = { topic: 'users', identity: 'one', id: '0' }
const batchOf = (...values: string[]) => batches.batch('g', { partition: P0, from: 0, values })
const indsOf = async (rows: AsyncIterable<readonly Row[]>) =>
  (await Array.fromAsync(rows)).flat().map(({ ind }) => Number(ind))

test('a batch is cleaned once for all outputs', async () => {
  const { dataset, machine } = batches
  const store = memoryStore(new Map(), systemRuntime)
  const ref = { store, path: 'user' }
  const table = await openOrCreate(ref, { schema: dataset.schema }, systemRuntime)
  const batch = batchOf(userRecord(1), userRecord(2), '{bad')
  cleaned = 0
  const files = await batch.parquet(table)
  const copied = await batch.parquet(await tableInMemory(dataset, machine))
  expect(copied.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(2)
  expect((await indsOf(batch.rows())).toSorted()).toEqual([1, 2])
  const report = await batch.report()
  expect([report.rows, report.rejected.length, cleaned]).toEqual([2, 1, 1])
  await Promise.all([...files, ...copied].map(discardStaged))
})

test('a batch is cleaned again for an output whose predecessor has kept no file', async () => {
  const { dataset, machine } = batches
  const batch = batchOf(userRecord(1))
  cleaned = 0
  await Promise.all((await batch.parquet(await tableInMemory(dataset, machine))).map(discardStaged))
  expect(await indsOf(batch.rows())).toEqual([1])
  expect(cleaned).toBe(2)
})

test('so is one of a keyed data set, and what the first table refuses stays rejected', async () => {
  const keyed = await openBatches(peopleDataset(), counting)
  try {
    const { dataset, machine } = keyed
    const fields = dataset.schema.fields.map((field) => ({ ...field, nullable: field.name !== 'name' }))
    const ref = { store: memoryStore(new Map(), systemRuntime), path: 'people' }
    const table = await openOrCreate(ref, { schema: { ...dataset.schema, fields } }, systemRuntime)
    const values = [person(1, 1, 'a'), person(2, 1, null), person(3, 1, 'c')]
    const batch = keyed.batch('g', { partition: P0, from: 0, values })
    cleaned = 0
    const first = await batch.changes(table)
    const second = await batch.changes()
    await first.discard()
    const { rejected } = await batch.report()
    expect([first.rows, second.rows, [...rejected].map(({ offset }) => offset), cleaned]).toEqual([2, 2, ['1'], 1])
    const connection = await machine.engine.connect()
    const ids = await connection.runAndReadAll(`SELECT id FROM '${second.path}' ORDER BY id`)
    connection.closeSync()
    expect(ids.getRows().map(([id]) => Number(id))).toEqual([1, 3])
    await second.discard()
    // Nothing is left of it to share: it is cleaned again, and the table's refusal is not forgotten.
    const third = await batch.changes()
    await third.discard()
    expect([(await batch.report()).rejected.length, cleaned]).toEqual([1, 2])
  } finally {
    await keyed.close()
  }
})

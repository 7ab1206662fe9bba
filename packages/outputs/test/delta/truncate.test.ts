import { systemRuntime } from '@millrace/base'
import { memoryStore, type ObjectStore } from '@millrace/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Batches, openBatches } from '../batches.ts'
import { peopleDataset } from '../keyed.ts'
import { createWithVectors, openWriter, peopleIn } from './people-table.ts'

let batches: Batches
let store: ObjectStore
beforeEach(() => {
  store = memoryStore(new Map(), systemRuntime)
})
afterEach(() => batches.close())

const FIELDS = { id: { type: 'long' }, name: { type: 'text' }, seq: { type: 'long' }, __seq: { type: 'long' } }
const COLUMNS = { id: { type: 'long' }, name: { type: 'string' }, seq: { type: 'long' } }

/** Opens a table of people that Debezium tells of, and returns what makes a batch of changes. */
async function openPeople(changes: object, isMarked = false) {
  const described = { format: 'debezium', fields: FIELDS, columns: COLUMNS, deleteWhen: undefined, ...changes }
  const dataset = { ...peopleDataset(described), sql: 'SELECT id, name, __seq AS seq FROM raw' }
  batches = await openBatches(dataset)
  if (isMarked) await createWithVectors(store, dataset)
  return openWriter(batches, store, 'g')
}

const message = (op: string, seq: number | null, after: object | null) =>
  JSON.stringify({ op, before: null, after, source: { seq } })
const put = (id: number, seq: number | null, name: string) => message('u', seq, { id, name })
const truncate = (seq: number | null = null) => message('t', seq, null)
const people = () => peopleIn(store, batches.machine)

describe.each([false, true])('a truncate, with deletion vectors: %s,', (isMarked) => {
  test('leaves what comes after it, in its batch and later', async () => {
    const change = await openPeople({ sequenceBy: undefined }, isMarked)
    await change(put(1, 1, 'a'), put(2, 2, 'b'))
    await change(put(1, 3, 'c'), put(3, 4, 'd'), truncate(), put(3, 5, 'e'), truncate(6), put(2, 7, 'f'))
    expect(await people()).toEqual(['2: f (7)'])
    await change(truncate())
    expect(await people()).toEqual([])
    await change(put(1, 9, 'g'))
    expect(await people()).toEqual(['1: g (9)'])
  })

  test('goes by the sequence: newer rows stay, and older ones that come late do not come back', async () => {
    const change = await openPeople({ sequenceBy: ['seq'], ignoreEqual: true }, isMarked)
    await change(put(1, 1, 'a'), put(2, 9, 'b'), put(3, 3, 'c'))
    await change(put(4, 9, 'd'), put(5, 4, 'e'), truncate(5), put(3, 6, 'c'), put(6, 2, 'f'))
    expect(await people()).toEqual(['2: b (9)', '3: c (6)', '4: d (9)'])
    await change(put(1, 4, 'late'), put(7, 5, 'as new'), put(8, 4, 'late'))
    expect(await people()).toEqual(['2: b (9)', '3: c (6)', '4: d (9)', '7: as new (5)'])
  })

  test('ends the versions of a history, once for all keys', async () => {
    const change = await openPeople({ mode: 'history', sequenceBy: ['seq'] }, isMarked)
    await change(put(1, 1, 'a'), put(2, 2, 'b'), put(2, 4, 'c'))
    await change(put(3, 4, 'd'), truncate(5), put(1, 7, 'e'))
    const ended = [
      ...['1: a (1) from 1 to 5', '1: e (7) from 7 to now', '2: b (2) from 2 to 4', '2: c (4) from 4 to 5'],
      '3: d (4) from 4 to 5',
    ]
    expect(await people()).toEqual(ended)
    await change(put(4, 3, 'late'))
    expect(await people()).toEqual([...ended, '4: late (3) from 3 to 5'])
  })
})

test('of rows whose sequence is a column of theirs has none, and all rows go that were read before', async () => {
  const change = await openPeople({ sequenceBy: ['seq'] })
  await change(put(1, 1, 'a'), put(2, 9, 'b'))
  await change(put(3, 9, 'c'), truncate(), put(1, 2, 'd'))
  expect(await people()).toEqual(['1: d (2)'])
})

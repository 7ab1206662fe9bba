import type { CleanedBatch } from '@millrace/outputs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Batches, openBatches } from './batches.ts'
import { peopleDataset, person } from './keyed.ts'

const P0 = { topic: 'people', identity: 'first', id: '0' }

let bySequence: Batches
let byPlace: Batches
beforeAll(async () => {
  const none = { sequenceBy: undefined, deleteWhen: undefined }
  ;[bySequence, byPlace] = await Promise.all([openBatches(peopleDataset()), openBatches(peopleDataset(none))])
})
afterAll(async () => {
  await Promise.all([bySequence.close(), byPlace.close()])
})

/** Returns the changes as texts, and why records are rejected. */
async function changesOf(batches: Batches, ...values: readonly string[]) {
  const batch: CleanedBatch = batches.batch('g', { partition: P0, from: 0, values })
  const changes = await batch.changes()
  const { rejected, rows } = await batch.report()
  const reasons = Array.from(rejected, ({ offset, reason }) => `${offset}: ${reason}`)
  if (changes.path === undefined) return { changes: [], reasons, rows }
  const connection = await batches.machine.engine.connect()
  const sql = `SELECT concat_ws(' ', id, coalesce(name, '-'), seq, op, if(millrace_deleted, 'gone', NULL))
    FROM '${changes.path}' ORDER BY id`
  const found = (await connection.runAndReadAll(sql)).getRows().map(([text]) => text)
  connection.closeSync()
  await changes.discard()
  return { changes: found, reasons, rows }
}

describe('the changes of a batch', () => {
  test('are the newest of each key by its sequence, and of equals the one that came later', async () => {
    const { changes, rows } = await changesOf(
      bySequence,
      person(1, 2, 'second'),
      person(1, 1, 'first'),
      person(2, 5, ' earlier '),
      person(2, 5, ' later '),
      person(3, 1, 'there'),
      person(3, 2, null, 'd'),
    )
    expect(changes).toEqual(['1 second 2 u', '2 later 5 u', '3 - 2 d gone'])
    expect(rows).toBe(6)
  })

  test('are the last of each key where no column is the sequence, also beside records read one by one', async () => {
    const odd = (text: string) => ` ${text}\n`
    const many = Array.from({ length: 3000 }, (_, i) => person(i % 7, null, `name ${i}`))
    const { changes, reasons } = await changesOf(
      byPlace,
      ...many,
      odd(person(1, null, 'later, read one by one')),
      person(1, null, 'last'),
      person(2, null, 'last but one'),
      odd(person(2, null, 'last, read one by one')),
      'no JSON',
    )
    expect(reasons).toEqual(['3004: not JSON'])
    expect(changes.slice(0, 4)).toEqual(['0 name 2996 u', '1 last u', '2 last, read one by one u', '3 name 2999 u'])
  })

  test.each([
    ['all of them read together', person(0, null, 'a'), person(5, null, 'f')],
    ['one that is no JSON among them', 'no JSON', person(5, null, 'f')],
    ['one of them read by itself', person(0, null, 'a'), ` ${person(5, null, 'f')}\n`],
  ])('know their record by its number in the batch: %s', async (_, first, last) => {
    const values = [first, ...[1, 2, 3, 4].map((id) => person(id, null, 'x')), last]
    const changes = await byPlace.batch('g', { partition: P0, from: 0, values }).changes()
    const connection = await byPlace.machine.engine.connect()
    const found = await connection.runAndReadAll(`SELECT id, millrace_order FROM '${changes.path}'`)
    connection.closeSync()
    await changes.discard()
    expect(found.getRows().map(([id, place]) => Number(place) - Number(id))).toEqual(
      Array.from({ length: first === 'no JSON' ? 5 : 6 }, () => 0),
    )
  })

  test('have a key and a sequence: a record without goes to the quarantine, by name', async () => {
    const { changes, reasons } = await changesOf(
      bySequence,
      person(null, 1, 'no key'),
      person(1, null, 'no sequence'),
      person(null, 1, null, 'd'),
      person(4, 1, 'whole'),
    )
    expect(changes).toEqual(['4 whole 1 u'])
    expect(reasons).toEqual([
      '0: the key column "id" is null',
      '1: the sequence column "seq" is null',
      '2: the key column "id" is null',
    ])
  })

  test('have a key that a partition column can hold: an empty text would be NULL in the table, and never found again', async () => {
    const batches = await openBatches(peopleDataset({ key: ['name', 'id'], partitionBy: ['name'] }))
    const { changes, reasons } = await changesOf(batches, person(1, 1, ''), person(1, 2, '', 'd'), person(2, 1, 'b'))
    await batches.close()
    const reason = 'the key column "name" is empty, which a partition column can\'t hold'
    expect(changes).toEqual(['2 b 1 u'])
    expect(reasons).toEqual([`0: ${reason}`, `1: ${reason}`])
  })

  test('that delete are not asked what is promised of rows', async () => {
    const named = { expectations: { named: { predicate: 'name IS NOT NULL', otherwise: 'quarantine' } } }
    const batches = await openBatches(peopleDataset(named))
    const { changes, reasons } = await changesOf(batches, person(1, 1, null, 'd'), person(2, 1, null))
    await batches.close()
    expect(changes).toEqual(['1 - 1 d gone'])
    expect(reasons).toEqual(['1: expectation named failed'])
  })

  test('are refused where clean.sql is more than plain SELECTs: the order of its rows would be lost', async () => {
    const batches = await openBatches({ ...peopleDataset(), sql: 'SELECT id, name, seq, op FROM raw, range(1)' })
    await expect(changesOf(batches, person(1, 1, 'a'))).rejects.toMatchObject({ code: 'DATASET_INVALID' })
    await batches.close()
  })
})

import { expect, test } from 'vitest'
import { cleanRecords, defineDataset } from '../../src/index.ts'

const numbers = defineDataset({
  name: 'numbers',
  fields: { n: { type: 'integer' } },
  columns: { n: { type: 'integer' } },
  sql: 'SELECT n FROM raw',
})

test('a list of records is its records, as for a worker', async () => {
  const records = ['{"n":1}', [{ n: 2 }, { n: 'x' }, { n: 3 }], '[{"n":4},5]', { n: 6 }]
  const { rows, rejected } = await cleanRecords(numbers, records)
  expect(rows.map(({ n }) => n).sort()).toEqual([1, 2, 3, 6])
  expect(rejected).toEqual([
    { index: 1, place: 1, reason: 'wrong type in field n' },
    { index: 2, reason: 'a list, and not of 1 to 100000 objects alone' },
  ])
})

test('records of a keyed data set are changes, in their order, with whether each deletes', async () => {
  const people = defineDataset({
    name: 'people',
    fields: { id: { type: 'integer' }, name: { type: 'text' }, op: { type: 'text' } },
    columns: { id: { type: 'integer' }, name: { type: 'string' }, op: { type: 'string', keep: false } },
    sql: 'SELECT id, name, op FROM raw',
    mode: 'upsert',
    key: ['id'],
    deleteWhen: "op = 'd'",
  })
  const records = [
    { id: 2, name: 'a', op: 'u' },
    { id: null, name: 'b', op: 'u' },
    { id: 1, op: 'd' },
  ]
  const { rows, rejected } = await cleanRecords(people, records)
  expect(rows).toEqual([
    { id: 2, name: 'a', op: 'u', millrace_deleted: false, millrace_truncated: false },
    { id: 1, name: null, op: 'd', millrace_deleted: true, millrace_truncated: false },
  ])
  expect(rejected).toEqual([{ index: 1, reason: 'the key column "id" is null' }])
})

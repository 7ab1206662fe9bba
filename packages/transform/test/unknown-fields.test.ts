import { openFormat } from '@millrace/formats'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { block, createKit, oneByOne } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())
const user = await loadDataset('user', [PINTEREST.datasets])

const many = (count: number, more: (i: number) => object) =>
  block(...Array.from({ length: count }, (_, ind) => JSON.stringify({ ind, ...more(ind) })))

test('reading one by one counts every field that the data set does not know', async () => {
  const values = many(100, (i) => (i % 4 === 0 ? { shoe_size: 40, Age: 7 } : { index: i }))
  const { report } = await kit.clean(user, [oneByOne(values)])
  expect(report.unknown.looked).toBe(100)
  expect(Object.fromEntries(report.unknown.names)).toEqual({ shoe_size: 25, Age: 25 })
})

test('the fast path looks at a sample', async () => {
  const { report } = await kit.clean(user, [many(1000, () => ({ shoe_size: 40 })), many(280, () => ({ hat: 1 }))])
  expect(report.path).toBe('fast')
  expect(report.unknown.looked).toBe(64)
  expect(Object.fromEntries(report.unknown.names)).toEqual({ shoe_size: 50, hat: 14 })
})

test('a producer that makes up a name for each record fills no memory', async () => {
  const values = many(500, (i) => ({ [`field${i}`]: 1 }))
  for (const blocks of [[oneByOne(values), oneByOne(values)], Array.from({ length: 60 }, () => values)]) {
    const { report } = await kit.clean(user, blocks)
    expect(report.unknown.names.size).toBeLessThanOrEqual(100)
  }
})

test('members that the format brings along are not counted', async () => {
  const changes = { ...user, format: openFormat({ name: 'debezium' }) }
  const values = many(100, () => ({ __op: 'c', __deleted: 'false', hat: 1 }))
  const { report } = await kit.clean(changes, [values])
  expect(Object.fromEntries(report.unknown.names)).toEqual({ hat: 50 })
  const suspects = many(100, () => ({ __op: 'c', ind: 'no number', hat: 1 }))
  const { report: closer } = await kit.clean(changes, [suspects])
  expect(closer).toMatchObject({ path: 'one by one', unknown: { names: new Map([['hat', 100]]) } })
})

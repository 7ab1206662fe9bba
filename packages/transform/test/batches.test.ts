import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { block, createKit, type Kit } from './kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})
afterAll(() => kit.close())

async function indsOf(from: number, count: number): Promise<number[]> {
  const values = Array.from({ length: count }, (_, i) => JSON.stringify({ index: from + i }))
  const { rows } = await kit.clean(await loadDataset('pin', [PINTEREST.datasets]), [block(...values)])
  return rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b)
}

const inds = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

test('a small batch after a large one gives its own rows alone', async () => {
  expect(await indsOf(0, 5_000)).toEqual(inds(0, 5_000))
  expect(await indsOf(9_000, 3)).toEqual(inds(9_000, 3))
})

test('batches that are cleaned at once are kept apart', async () => {
  const starts = [0, 10_000, 20_000, 30_000]
  const outcomes = await Promise.all(starts.map((start, i) => indsOf(start, 1_000 * (i + 1))))
  expect(outcomes).toEqual(starts.map((start, i) => inds(start, 1_000 * (i + 1))))
})

test('a text that is no record, but makes one of an object around it, is rejected among others', async () => {
  const texts = ['{"index":1},"z":{"a":1}', '{"index":2},"millrace_at":0', '3,"record":{"index":4}', '{"index":5}}']
  const values = inds(0, 2_000).map((ind) => JSON.stringify({ index: ind }))
  values.splice(1_000, 0, ...texts, '{bad')
  const { rows, report } = await kit.clean(await loadDataset('pin', [PINTEREST.datasets]), [block(...values)])
  expect(rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b)).toEqual(inds(0, 2_000))
  expect(report.rejected.map(({ index, reason }) => [index, reason])).toEqual(
    inds(1_000, 5).map((index) => [index, 'not JSON']),
  )
})

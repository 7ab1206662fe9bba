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
  const { rows } = await kit.clean(await loadDataset('pin'), [block(...values)])
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

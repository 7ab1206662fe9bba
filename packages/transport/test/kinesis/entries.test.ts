import { expect, it } from 'vitest'
// The bound holds within a page: a source shows only that nothing is lost.
import { entriesOf, refilled } from '../../src/kinesis/entries.ts'
import { pack } from './pack.ts'

const SHARD = { id: 'shard', from: 0n, to: 2n ** 128n - 1n } as Parameters<typeof entriesOf>[1]
const EACH = 60_000
const PACK = pack(Array.from({ length: EACH }, () => ({ partitionKey: 'k', data: new Uint8Array() })))
const page = Array.from({ length: 5 }, (_, i) => ({ SequenceNumber: String(i + 1), Data: PACK, PartitionKey: 'k' }))

it('unpacks a page of many tiny records a part at a time, and every record of it once', () => {
  const from = { sequence: 1n, next: 10, through: 0 }
  const names: string[] = []
  let most = 0
  for (let left = entriesOf(page, SHARD, from); left.entries.length > 0; ) {
    most = Math.max(most, left.entries.length)
    names.push(...left.entries.map(({ name }) => name))
    left = refilled({ ...left, entries: [] }, SHARD)
  }
  expect(most).toBeLessThanOrEqual(2 * EACH)
  expect(names).toHaveLength(5 * EACH - 10)
  expect(new Set(names).size).toBe(names.length)
})

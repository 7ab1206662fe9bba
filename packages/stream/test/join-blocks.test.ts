import { joinValues, valueAt } from '@millrace/base'
import { expect, it } from 'vitest'
import { groupSmallBlocks, joinBlocks } from '../src/intake/join-blocks.ts'
import type { TakenBlock } from '../src/intake/repeats.ts'

/** A block of a partition with records from one offset to another. */
function block(id: string, from: number, to: number, more: Partial<TakenBlock> = {}): TakenBlock {
  const offsets = Array.from({ length: to - from }, (_, i) => from + i)
  return {
    partition: { topic: 'orders', identity: 'a', id },
    from: [BigInt(from)],
    to: [BigInt(to)],
    ...joinValues(offsets.map((offset) => (offset % 3 === 2 ? null : Buffer.from(`value ${offset}`)))),
    offsets: BigInt64Array.from(offsets, BigInt),
    times: Float64Array.from(offsets, (offset) => 1000 * offset),
    ...more,
  }
}

const spans = (groups: readonly (readonly TakenBlock[])[]) =>
  groups.map((group) => group.map(({ partition: { id }, from, to }) => `${id}: ${from}-${to}`).join())

it('small blocks of a partition become one, whatever comes between them', () => {
  const blocks = [block('0', 0, 2), block('1', 5, 6), block('0', 2, 3), block('1', 6, 9), block('0', 4, 5)]
  expect(spans(groupSmallBlocks(blocks))).toEqual(['0: 0-2,0: 2-3,0: 4-5', '1: 5-6,1: 6-9'])
})

it('large ones stay as they are, and what comes after them is not joined to what came before', () => {
  const large = block('0', 2, 3, joinValues([Buffer.alloc(300 << 10)]))
  expect(spans(groupSmallBlocks([block('0', 0, 2), large, block('0', 3, 4)]))).toEqual(['0: 0-2', '0: 2-3', '0: 3-4'])
})

it('records of messages that hold several are not joined with others, nor is what comes before a cut with the rest', () => {
  const apart = [{ messages: 1 }, { offsets: ['2[0]'] }, { isCutOff: true as const }]
  for (const each of apart) {
    expect(spans(groupSmallBlocks([block('0', 0, 2), block('0', 2, 3, each)]))).toEqual(['0: 0-2', '0: 2-3'])
  }
})

it('a joined block has each record with all that belongs to it', () => {
  const joined = joinBlocks([
    block('0', 0, 2, { keys: ['a', undefined], oversized: new Map([[1, 99]]) }),
    block('0', 2, 4, { keys: ['c', 'd'], ids: [undefined, 'twice'], repeats: new Set([1]) }),
    block('0', 7, 8, { keys: ['e'] }),
  ])
  const values = Array.from({ length: joined.count }, (_, i) => valueAt(joined, i))
  expect({ ...joined, bytes: undefined, ends: undefined }).toEqual({
    partition: block('0', 0, 1).partition,
    from: [0n],
    to: [8n],
    count: 5,
    bytes: undefined,
    ends: undefined,
    traits: { nulls: true, lineBreaks: false, longest: 7, first: -1 },
    offsets: BigInt64Array.of(0n, 1n, 2n, 3n, 7n),
    times: Float64Array.of(0, 1000, 2000, 3000, 7000),
    keys: ['a', undefined, 'c', 'd', 'e'],
    ids: [undefined, undefined, undefined, 'twice', undefined],
    repeats: new Set([3]),
    oversized: new Map([[1, 99]]),
    parts: 3,
  })
  const texts = values.map((value) => value && Buffer.from(value).toString())
  expect(texts).toEqual(['value 0', 'value 1', null, 'value 3', 'value 7'])
})

it('names that are texts stay texts', () => {
  const [first, second] = [block('0', 0, 1, { offsets: ['a'] }), block('0', 1, 2, { offsets: ['b'] })]
  expect(spans(groupSmallBlocks([first, second]))).toEqual(['0: 0-1,0: 1-2'])
  expect(joinBlocks([first, second]).offsets).toEqual(['a', 'b'])
})

import { concatValues } from '@millrace/base'
import { partitionKey } from '@millrace/transport'
import type { TakenBlock } from './repeats.ts'

/** Blocks are joined up to this size: what a block costs by itself is next to nothing then. */
const ENOUGH_BYTES = 256 << 10

type BlockGroup = [TakenBlock, ...TakenBlock[]]

/**
 * Returns the blocks in groups that are to be one block each. A slow topic's blocks have a record or two, and each costs
 * a reader of its own: small ones of a partition, which follow one another there, become one.
 */
export function groupSmallBlocks(blocks: readonly TakenBlock[]): BlockGroup[] {
  const groups: BlockGroup[] = []
  const last = new Map<string, { readonly group: BlockGroup; bytes: number }>()
  for (const block of blocks) {
    const key = partitionKey(block.partition)
    const before = last.get(key)
    const bytes = (before?.bytes ?? 0) + block.bytes.length
    if (before && bytes <= ENOUGH_BYTES && mayJoin(block, before.group[0])) {
      before.group.push(block)
      before.bytes = bytes
    } else {
      const group: BlockGroup = [block]
      groups.push(group)
      last.set(key, { group, bytes: block.bytes.length })
    }
  }
  return groups
}

/** Whether the records of both are messages, under names of one kind. */
function mayJoin(block: TakenBlock, before: TakenBlock): boolean {
  const areMessages = block.messages === undefined && before.messages === undefined
  const sameNames = block.offsets instanceof BigInt64Array === before.offsets instanceof BigInt64Array
  return areMessages && sameNames && !block.isCutOff
}

/** Returns blocks of a partition, each of which begins where the one before it ends, as one that shares no bytes with them. */
export function joinBlocks(blocks: Readonly<BlockGroup>): TakenBlock {
  const [{ partition, from }] = blocks
  const { to = from } = blocks.at(-1) ?? {}
  const values = concatValues(blocks)
  const times = new Float64Array(values.count)
  const repeats = new Set<number>()
  const oversized = new Map<number, number>()
  let at = 0
  for (const block of blocks) {
    times.set(block.times, at)
    for (const index of block.repeats ?? []) repeats.add(at + index)
    for (const [index, bytes] of block.oversized ?? []) oversized.set(at + index, bytes)
    at += block.count
  }
  return {
    ...{ partition, from, to, ...values, offsets: offsetsOf(blocks), times },
    parts: blocks.length,
    ...textsOf(blocks, 'keys'),
    ...textsOf(blocks, 'headers'),
    ...textsOf(blocks, 'ids'),
    ...(repeats.size > 0 && { repeats }),
    ...(oversized.size > 0 && { oversized }),
  }
}

function offsetsOf(blocks: readonly TakenBlock[]): TakenBlock['offsets'] {
  const all = blocks.map(({ offsets }) => offsets)
  return all[0] instanceof BigInt64Array
    ? BigInt64Array.from(all.flatMap((offsets) => [...(offsets as BigInt64Array)]))
    : all.flatMap((offsets) => [...(offsets as readonly string[])])
}

function textsOf<Name extends 'keys' | 'headers' | 'ids'>(blocks: readonly TakenBlock[], name: Name) {
  if (blocks.every((block) => !block[name])) return {}
  return { [name]: blocks.flatMap((block) => Array.from({ length: block.count }, (_, i) => block[name]?.[i])) }
}

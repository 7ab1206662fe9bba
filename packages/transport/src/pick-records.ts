import { pickValues } from '@millrace/base'
import type { Block } from './source.ts'

/** Returns the block with these of its records only, by their index, in ascending order. */
export function pickRecords(block: Block, kept: readonly number[]): Block {
  if (kept.length === block.count) return block
  const { offsets, times, keys, headers, ids, oversized } = block
  return {
    ...block,
    ...pickValues(block, kept),
    offsets:
      offsets instanceof BigInt64Array
        ? BigInt64Array.from(kept, (i) => offsets[i] ?? 0n)
        : kept.map((i) => offsets[i] ?? ''),
    times: Float64Array.from(kept, (i) => times[i] ?? 0),
    ...(keys && { keys: kept.map((i) => keys[i]) }),
    ...(headers && { headers: kept.map((i) => headers[i]) }),
    ...(ids && { ids: kept.map((i) => ids[i]) }),
    ...(oversized && { oversized: pickSizes(oversized, kept) }),
  }
}

function pickSizes(sizes: ReadonlyMap<number, number>, kept: readonly number[]): Map<number, number> {
  return new Map(kept.flatMap((i, at) => (sizes.has(i) ? [[at, sizes.get(i) ?? 0] as const] : [])))
}

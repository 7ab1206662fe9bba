import { endBefore } from '@millrace/base'
import type { Block } from '../source.ts'

/** Returns the records from one index to another as a block of their own. Their bytes are not copied. */
export function sliceBlock(block: Block, first: number, last: number): Block {
  if (first === 0 && last === block.count) return block
  const { bytes, ends, offsets, times, keys, headers, ids, oversized } = block
  const start = endBefore(ends, first)
  const near = [...(oversized ?? [])].filter(([index]) => index >= first && index < last)
  return {
    ...block,
    count: last - first,
    bytes: bytes.subarray(start, endBefore(ends, last)),
    ends: ends.slice(first, last).map((end) => (end < 0 ? end + start : end - start)),
    offsets: offsets.slice(first, last),
    times: times.slice(first, last),
    ...(keys && { keys: keys.slice(first, last) }),
    ...(headers && { headers: headers.slice(first, last) }),
    ...(ids && { ids: ids.slice(first, last) }),
    ...(oversized && { oversized: new Map(near.map(([index, size]) => [index - first, size])) }),
  }
}

/** Returns how many records from `first` on fit into so many bytes, but one at least. */
export function fittingFrom({ ends, count }: Block, first: number, maxBytes: number): number {
  const start = endBefore(ends, first)
  let last = first + 1
  while (last < count && endBefore(ends, last + 1) - start <= maxBytes) last++
  return last
}

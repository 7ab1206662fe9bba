import type { Advance } from '@millrace/outputs'
import { partitionKey } from '@millrace/transport'
import type { TakenBlock } from './repeats.ts'

/** Blocks that are going to be committed together. */
export interface Batch {
  readonly blocks: readonly TakenBlock[]
  readonly records: number
  readonly bytes: number
  readonly advances: readonly Advance[]
}

export function batchOf(blocks: readonly TakenBlock[]): Batch {
  const advances = new Map<string, Advance>()
  let [records, bytes] = [0, 0]
  for (const { partition, from, to, count, messages = count, bytes: values } of blocks) {
    const before = advances.get(partitionKey(partition))
    advances.set(partitionKey(partition), {
      ...{ partition, from: before?.from ?? from, to },
      messages: (before?.messages ?? 0) + messages,
      records: (before?.records ?? 0) + count,
    })
    records += count
    bytes += values.length
  }
  return { blocks, records, bytes, advances: [...advances.values()] }
}

import { endBefore, type JoinedValues, type ValueTraits } from '@millrace/base'

/** A run of messages as one row: the values newline-joined as a Block has them. */
export interface StoredBatch extends JoinedValues {
  readonly base: number
  readonly time: number
  readonly keys: readonly (string | null)[] | undefined
}

/** Records of a row, and of a block that is read: each costs memory beside its bytes, of which it may have none. */
export const MOST_RECORDS = 100_000

/** Reads rows of the table `batch` with their keys. */
export function storedBatch(row: Record<string, unknown>): StoredBatch {
  const { base, count, time, traits, ends, bytes, keys } = row as unknown as Omit<
    StoredBatch,
    'traits' | 'ends' | 'keys'
  > & {
    traits: string
    ends: Uint8Array
    keys: string | null
  }
  return {
    ...{ base, count, time, bytes },
    traits: JSON.parse(traits) as ValueTraits,
    ends: new Int32Array(ends.slice().buffer),
    keys: keys === null ? undefined : JSON.parse(keys),
  }
}

/** Returns the records from the offset `from` on, of which there is at least one, `most` of them at most. */
export function sliceBatch(batch: StoredBatch, from: number, most: number): StoredBatch {
  const skip = Math.max(0, from - batch.base)
  const count = Math.min(batch.count - skip, most)
  if (count === batch.count) return batch
  const start = endBefore(batch.ends, skip)
  return {
    ...batch,
    count,
    base: batch.base + skip,
    bytes: batch.bytes.subarray(start, endBefore(batch.ends, skip + count)),
    keys: batch.keys?.slice(skip, skip + count),
    ends: batch.ends.subarray(skip, skip + count).map((end) => (end < 0 ? end + start : end - start)),
  }
}

/** Returns the bytes that a batch takes up in memory beside what every record costs. */
export function bytesOf({ bytes, keys = [] }: Pick<StoredBatch, 'bytes' | 'keys'>): number {
  return keys.reduce((sum, key) => sum + (key?.length ?? 0), bytes.length)
}

import type { RawMessages, ReadMessages } from '@millrace/formats'
import type { Dataset } from '../dataset/dataset.ts'
import { wantedMetadata } from '../dataset/metadata.ts'

/** Whether a message without a value deletes the row of its key: the data set's key may be of the message's then. */
export function deletesByTombstone({ keyed, format, metadata }: Dataset): boolean {
  return keyed !== undefined && !format.marksDeletes && wantedMetadata(metadata).keys
}

/** Returns the block with its tombstones as messages of the format: each becomes a record with its metadata alone. */
export function withTombstones(read: ReadMessages, { ends, traits }: RawMessages): ReadMessages {
  if (!traits.nulls || !ends.some((end) => end < 0)) return read
  const { columns: _, ...rest } = read
  return { ...rest, rejected: read.rejected.filter(({ index }) => (ends[index] as number) >= 0) }
}

/** Returns which messages are tombstones that were not rejected. */
export function deletesOf({ ends }: RawMessages, { rejected }: ReadMessages): (index: number) => boolean {
  const bad = new Set(rejected.map(({ index }) => index))
  return (index) => (ends[index] as number) < 0 && !bad.has(index)
}

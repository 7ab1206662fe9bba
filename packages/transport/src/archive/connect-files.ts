import type { ObjectStore } from '@millrace/store'
import type { Partition } from '../source.ts'
import { filesOfPartition, part } from './layout.ts'

/** A file of Kafka Connect's S3 sink. Its name says the offset of its first record. */
export interface ConnectFile {
  readonly key: string
  readonly first: bigint
  readonly size: number
  readonly modified: number
}

/** A name with a greater number is not Kafka Connect's: offsets have 64 bits. */
const LAST_OFFSET = 2n ** 62n

/** Returns the files of a partition in the order of their offsets, without those of keys and headers. */
export async function connectFiles(store: ObjectStore, partition: Partition): Promise<ConnectFile[]> {
  const start = `${filesOfPartition(partition)}${part(partition.topic)}+${part(partition.id)}+`
  const files: ConnectFile[] = []
  for await (const { key, size, modified } of store.list(start)) {
    const [, offset] = /^(\d+)\.(?:json|bin|txt)(?:\.gz|\.zst)?$/.exec(key.slice(start.length)) ?? []
    if (offset !== undefined && BigInt(offset) <= LAST_OFFSET)
      files.push({ key, first: BigInt(offset), size, modified })
  }
  // Offsets of more than ten digits do not sort by their names.
  return files.sort((a, b) => (a.first < b.first ? -1 : 1))
}

import { writeUnsigned } from '../records/varint.ts'
import { CLIENT_ID } from '../security.ts'

/** A topic as Fetch names it: by id (16 bytes) since Kafka 3.1, which distinguishes a recreated topic from its namesake. */
export type FetchTopic = { readonly id: Buffer } | { readonly name: string }

/** The version of Fetch since which topics go by id. */
export const FETCH_BY_ID = 13

export interface WantedPartition {
  readonly topic: FetchTopic
  readonly index: number
  readonly leaderEpoch: number
  readonly offset: number
  /** The leader epoch of the record before `offset`, where it is known: the broker then sees a log cut back. */
  readonly lastEpoch: number
  readonly maxBytes: number
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly maxBytes: number
}

const FETCH = 1
const FETCH_BY_NAME = 12
const READ_COMMITTED = 1

/** Enough for everything but the partitions. */
const FRAME_BYTES = 96
const PARTITION_BYTES = 64

/** A whole Fetch request, with its length in front. Partitions are filled in the order given. */
export function fetchRequest(
  correlation: number,
  partitions: readonly WantedPartition[],
  { maxWaitMs, maxBytes }: FetchLimits,
): Buffer {
  const byId = partitions.every(({ topic }) => 'id' in topic)
  const bytes = Buffer.alloc(FRAME_BYTES + partitions.reduce((sum, wanted) => sum + partitionRoom(wanted), 0))
  let at = bytes.writeInt16BE(FETCH, 4)
  at = bytes.writeInt16BE(byId ? FETCH_BY_ID : FETCH_BY_NAME, at)
  at = bytes.writeInt32BE(correlation, at)
  at = bytes.writeInt16BE(CLIENT_ID.length, at)
  at += bytes.write(CLIENT_ID, at)
  at = noTags(bytes, at)
  at = bytes.writeInt32BE(-1, at) // no replica
  at = bytes.writeInt32BE(maxWaitMs, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt32BE(maxBytes, at)
  at = bytes.writeInt8(READ_COMMITTED, at)
  at = bytes.writeInt32BE(0, at)
  at = bytes.writeInt32BE(-1, at) // no session
  at = writeUnsigned(bytes, at, partitions.length + 1)
  for (const wanted of partitions) at = writeTopic(bytes, at, wanted)
  at = writeUnsigned(bytes, at, 1) // nothing forgotten
  at = writeUnsigned(bytes, at, 1) // no rack
  at = noTags(bytes, at)
  bytes.writeInt32BE(at - 4, 0)
  return bytes.subarray(0, at)
}

/** Each partition under its own topic entry: the broker fills them in this order, so nobody starves. */
function writeTopic(bytes: Buffer, start: number, wanted: WantedPartition): number {
  let at = start
  if ('id' in wanted.topic) at += wanted.topic.id.copy(bytes, at)
  else {
    at = writeUnsigned(bytes, at, Buffer.byteLength(wanted.topic.name) + 1)
    at += bytes.write(wanted.topic.name, at)
  }
  at = writeUnsigned(bytes, at, 2)
  at = bytes.writeInt32BE(wanted.index, at)
  at = bytes.writeInt32BE(wanted.leaderEpoch, at)
  at = bytes.writeBigInt64BE(BigInt(wanted.offset), at)
  at = bytes.writeInt32BE(wanted.lastEpoch, at)
  at = bytes.writeBigInt64BE(-1n, at) // only followers have a log start
  at = bytes.writeInt32BE(wanted.maxBytes, at)
  return noTags(bytes, noTags(bytes, at))
}

function partitionRoom({ topic }: WantedPartition): number {
  return PARTITION_BYTES + ('name' in topic ? Buffer.byteLength(topic.name) : 0)
}

function noTags(bytes: Buffer, at: number): number {
  return writeUnsigned(bytes, at, 0)
}

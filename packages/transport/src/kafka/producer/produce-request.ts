import { crc32c } from '@node-rs/crc32'
import { ID_HEADER, type OutgoingRecord } from '../../source.ts'
import { writeUnsigned } from '../records/varint.ts'

/** Producer id, epoch and next sequence number of the partition: the broker recognizes retries by them. */
export interface ProducerState {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequence: number
}

/** Spoken by every broker since 2.4. */
export const PRODUCE = 0
export const PRODUCE_VERSION = 8

const ALL_IN_SYNC = -1
const FORMAT = 2
const BATCH_HEAD = 61
const CHECKED_FROM = 21
const ID_NAME = Buffer.from(ID_HEADER)

/**
 * The body of a Produce request with one batch for one partition. Every value is copied once, from where it was
 * received to where it is sent from.
 */
export function produceRequest(
  topic: string,
  partition: number,
  records: readonly OutgoingRecord[],
  { producerId, producerEpoch, sequence }: ProducerState,
  time: number,
  timeoutMs: number,
): Buffer {
  const sizes = records.map(recordSize)
  const batchSize = sizes.reduce((sum, size) => sum + size + signedLength(size), BATCH_HEAD)
  const name = Buffer.from(topic)
  const bytes = Buffer.allocUnsafe(2 + 2 + 4 + 4 + 2 + name.length + 4 + 4 + 4 + batchSize)
  let at = bytes.writeInt16BE(-1, 0) // no transaction
  at = bytes.writeInt16BE(ALL_IN_SYNC, at)
  at = bytes.writeInt32BE(timeoutMs, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt16BE(name.length, at)
  at += name.copy(bytes, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt32BE(partition, at)
  at = bytes.writeInt32BE(batchSize, at)

  const batch = at
  at = bytes.writeBigInt64BE(0n, at)
  at = bytes.writeInt32BE(batchSize - 12, at)
  at = bytes.writeInt32BE(-1, at) // the leader's epoch is the broker's to say
  at = bytes.writeInt8(FORMAT, at) + 4
  at = bytes.writeInt16BE(0, at)
  at = bytes.writeInt32BE(records.length - 1, at)
  at = bytes.writeBigInt64BE(BigInt(time), at)
  at = bytes.writeBigInt64BE(BigInt(time), at)
  at = bytes.writeBigInt64BE(producerId, at)
  at = bytes.writeInt16BE(producerEpoch, at)
  at = bytes.writeInt32BE(sequence, at)
  at = bytes.writeInt32BE(records.length, at)
  for (const [i, record] of records.entries()) at = writeRecord(bytes, at, record, i, sizes[i] as number)
  bytes.writeUInt32BE(crc32c(bytes.subarray(batch + CHECKED_FROM)), batch + 17)
  return bytes
}

/** Returns a record's size without its length prefix. */
function recordSize({ key, value, id }: OutgoingRecord, offset: number): number {
  const headers = id === undefined ? 1 : 1 + fieldSize(ID_NAME) + fieldSize(Buffer.byteLength(id))
  return 1 + 1 + signedLength(offset) + fieldSize(key) + fieldSize(value) + headers
}

function fieldSize(field: Uint8Array | number | null | undefined): number {
  const length = typeof field === 'number' ? field : (field?.length ?? -1)
  return signedLength(length) + Math.max(0, length)
}

function writeRecord(bytes: Buffer, start: number, { key, value, id }: OutgoingRecord, offset: number, size: number) {
  let at = writeSigned(bytes, start, size)
  bytes[at++] = 0 // no attributes
  bytes[at++] = 0 // the batch's time
  at = writeSigned(bytes, at, offset)
  at = writeField(bytes, at, key)
  at = writeField(bytes, at, value)
  at = writeSigned(bytes, at, id === undefined ? 0 : 1)
  if (id === undefined) return at
  at = writeField(bytes, at, ID_NAME)
  return writeField(bytes, at, Buffer.from(id))
}

function writeField(bytes: Buffer, start: number, field: Uint8Array | null | undefined): number {
  const at = writeSigned(bytes, start, field?.length ?? -1)
  if (!field) return at
  bytes.set(field, at)
  return at + field.length
}

/** Zigzag, up to 31 bits. */
function writeSigned(bytes: Buffer, at: number, value: number): number {
  return writeUnsigned(bytes, at, zigzag(value))
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}

function signedLength(value: number): number {
  const bits = zigzag(value)
  if (bits < 1 << 7) return 1
  if (bits < 1 << 14) return 2
  if (bits < 1 << 21) return 3
  return bits < 1 << 28 ? 4 : 5
}

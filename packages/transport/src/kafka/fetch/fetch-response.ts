import { MillraceError } from '@millrace/base'
import type { AbortedTransaction } from '../records/aborted.ts'
import type { RecordSection } from '../records/read-records.ts'
import { type Cursor, readUnsigned } from '../records/varint.ts'

/** One partition's part of a Fetch response. */
export interface FetchedPartition extends RecordSection {
  /** The topic's id in hexadecimal, or its name. */
  readonly topic: string
  readonly index: number
  /** Kafka's error code; 0 is none. */
  readonly error: number
  /** The log was cut back: it ends here in the epoch that was asked about. */
  readonly divergesAt: bigint | undefined
  /** The last stable offset: the end for a read-committed reader. */
  readonly stableEnd: bigint
}

export interface FetchResponse {
  readonly error: number
  readonly throttleMs: number
  readonly partitions: readonly FetchedPartition[]
}

const ID_BYTES = 16
const DIVERGING_EPOCH = 0

/** Parses all but the records, which stay where they are. `bytes` starts at the correlation id. */
export function parseFetchResponse(bytes: Buffer, byId: boolean): FetchResponse {
  try {
    return parse(bytes, byId)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('SOURCE_DAMAGED', 'a Fetch response ends in the middle of itself', { cause })
  }
}

function parse(bytes: Buffer, byId: boolean): FetchResponse {
  const cursor: Cursor = { at: 4 }
  skipTags(bytes, cursor)
  const throttleMs = int32(bytes, cursor)
  const error = int16(bytes, cursor)
  cursor.at += 4 // session
  const partitions: FetchedPartition[] = []
  for (let topics = readUnsigned(bytes, cursor) - 1; topics > 0; topics--) {
    const topic = readTopic(bytes, cursor, byId)
    for (let left = readUnsigned(bytes, cursor) - 1; left > 0; left--) {
      partitions.push(readPartition(bytes, cursor, topic))
    }
    skipTags(bytes, cursor)
  }
  skipTags(bytes, cursor)
  advance(bytes, cursor, 0)
  return { error, throttleMs, partitions }
}

function readTopic(bytes: Buffer, cursor: Cursor, byId: boolean): string {
  const length = byId ? ID_BYTES : readUnsigned(bytes, cursor) - 1
  const start = advance(bytes, cursor, length)
  return bytes.toString(byId ? 'hex' : 'utf8', start, cursor.at)
}

function readPartition(bytes: Buffer, cursor: Cursor, topic: string): FetchedPartition {
  const index = int32(bytes, cursor)
  const error = int16(bytes, cursor)
  cursor.at += 8 // high watermark
  const stableEnd = int64(bytes, cursor)
  cursor.at += 8 // log start
  const aborted: AbortedTransaction[] = []
  for (let left = readUnsigned(bytes, cursor) - 1; left > 0; left--) {
    aborted.push({ producerId: int64(bytes, cursor), firstOffset: int64(bytes, cursor) })
    skipTags(bytes, cursor)
  }
  cursor.at += 4 // preferred read replica
  const length = Math.max(0, readUnsigned(bytes, cursor) - 1)
  const start = advance(bytes, cursor, length)
  const end = cursor.at
  return { topic, index, error, stableEnd, aborted, bytes, start, end, divergesAt: readDivergence(bytes, cursor) }
}

function readDivergence(bytes: Buffer, cursor: Cursor): bigint | undefined {
  let divergesAt: bigint | undefined
  for (let tags = readUnsigned(bytes, cursor); tags > 0; tags--) {
    const tag = readUnsigned(bytes, cursor)
    const start = advance(bytes, cursor, readUnsigned(bytes, cursor))
    if (tag === DIVERGING_EPOCH && bytes.readInt32BE(start) >= 0) divergesAt = bytes.readBigInt64BE(start + 4)
  }
  return divergesAt
}

function skipTags(bytes: Buffer, cursor: Cursor): void {
  for (let tags = readUnsigned(bytes, cursor); tags > 0; tags--) {
    readUnsigned(bytes, cursor)
    advance(bytes, cursor, readUnsigned(bytes, cursor))
  }
}

/** Moves over `length` bytes and answers where they start. */
function advance(bytes: Buffer, cursor: Cursor, length: number): number {
  const start = cursor.at
  cursor.at += length
  if (cursor.at > bytes.length) throw new RangeError(`${length} bytes at ${start} of ${bytes.length}`)
  return start
}

function int16(bytes: Buffer, cursor: Cursor): number {
  return bytes.readInt16BE(advance(bytes, cursor, 2))
}

function int32(bytes: Buffer, cursor: Cursor): number {
  return bytes.readInt32BE(advance(bytes, cursor, 4))
}

function int64(bytes: Buffer, cursor: Cursor): bigint {
  return bytes.readBigInt64BE(advance(bytes, cursor, 8))
}

import { MillraceError } from '@millrace/base'
import { crc32c } from '@node-rs/crc32'

/** A record batch of format 2 in a Fetch response. */
export interface RecordBatch {
  readonly baseOffset: number
  /** The offset to fetch after this batch, whose last records compaction may have removed. */
  readonly nextOffset: number
  readonly leaderEpoch: number
  readonly codec: number
  readonly transactional: boolean
  readonly control: boolean
  readonly producerId: bigint
  readonly baseTime: number
  /** The broker's own time for every record, where the topic wants that. */
  readonly appendTime: number | undefined
  readonly count: number
  /** The records: compressed, if there is a codec. */
  readonly records: Buffer
  /** The start of the next batch in the response. */
  readonly end: number
}

const SIZE_END = 12
const MAGIC_AT = 16
const CHECKED_FROM = 21
const HEADER_END = 61

const CODEC = 0x07
const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** A record is at least this long: seven fields of one byte. */
const SMALLEST_RECORD = 7

/** The batch at `at`; undefined where the broker cut it off at the size that was asked for. */
export function readBatch(bytes: Buffer, at: number, limit: number): RecordBatch | undefined {
  if (at + MAGIC_AT >= limit) return undefined
  const end = at + SIZE_END + bytes.readInt32BE(at + 8)
  const magic = bytes.readInt8(at + MAGIC_AT)
  if (magic !== 2) throw unknownFormat(magic)
  if (end > limit) return undefined
  if (end < at + HEADER_END) throw damaged('a record batch is shorter than its header')
  checkSum(bytes, at, end)
  return parseBatch(bytes, at, end)
}

function parseBatch(bytes: Buffer, at: number, end: number): RecordBatch {
  const attributes = bytes.readInt16BE(at + CHECKED_FROM)
  const baseOffset = safeLong(bytes, at)
  const codec = attributes & CODEC
  const count = bytes.readInt32BE(at + 57)
  const lastOffsetDelta = bytes.readInt32BE(at + 23)
  if (count < 0 || lastOffsetDelta < 0 || baseOffset < 0) {
    throw damaged(`a record batch claims ${count} records from offset ${baseOffset} to ${lastOffsetDelta} later`)
  }
  return {
    baseOffset,
    nextOffset: baseOffset + lastOffsetDelta + 1,
    leaderEpoch: bytes.readInt32BE(at + 12),
    codec,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    producerId: bytes.readBigInt64BE(at + 43),
    baseTime: safeLong(bytes, at + 27),
    appendTime: attributes & APPEND_TIME ? safeLong(bytes, at + 35) : undefined,
    count,
    records: bytes.subarray(at + HEADER_END, end),
    end,
  }
}

/** Checks a count before anything is allocated by it. */
export function checkCount({ count, baseOffset }: RecordBatch, size: number): void {
  if (count * SMALLEST_RECORD > size) {
    throw damaged(`the record batch at offset ${baseOffset} claims ${count} records in ${size} bytes`)
  }
}

function checkSum(bytes: Buffer, at: number, end: number): void {
  if (crc32c(bytes.subarray(at + CHECKED_FROM, end)) !== bytes.readUInt32BE(at + 17)) {
    throw damaged(`the checksum of the record batch at offset ${bytes.readBigInt64BE(at)} does not match its bytes`)
  }
}

/** 64 bits as a number: offsets and times stay far below 2^53. */
function safeLong(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
  if (!Number.isSafeInteger(value)) throw damaged(`a number in a record batch is beyond all bounds: ${value}`)
  return value
}

export function damaged(what: string): MillraceError {
  return new MillraceError('SOURCE_DAMAGED', what)
}

function unknownFormat(magic: number): MillraceError {
  return magic === 0 || magic === 1
    ? new MillraceError('SOURCE_UNSUPPORTED', `records in the message format ${magic} of Kafka before 0.11`)
    : damaged(`a record batch of the unknown format ${magic}`)
}

import { LARGEST_UNPACKED, MOST_RECORDS } from './bounds.ts'
import { unpackChunks } from './codecs.ts'
import { damaged, type RecordBatch } from './record-batch.ts'
import { type Cursor, readSigned, readSignedLong } from './varint.ts'

/** Consecutive records of a batch. */
export interface Piece {
  readonly unpacked: Buffer
  readonly count: number
  /** The offset of the next piece. */
  readonly next: number
  /** Sizes of records that are too large to be held, by their index in the piece. */
  readonly oversized: ReadonlyMap<number, number>
  readonly done: boolean
}

/** Unpacks a batch piece by piece. */
export interface Pieces {
  /** The next records from offset `from` on: about `maxBytes` of them. */
  next(from: number, maxBytes: number): Promise<Piece>
  close(): Promise<void>
}

/** A record's length, and then its attributes, its time and its offset. */
const LENGTH_BYTES = 5
const HEAD_BYTES = 16
/** Neither key nor value nor headers. */
const NOTHING_MORE = Buffer.from([1, 1, 0])

export function openPieces(batch: RecordBatch): Pieces {
  const bytes = openBytes(unpackChunks(batch.codec, batch.records))
  let left = batch.count
  let last = batch.baseOffset - 1

  const nextRecord = async () => {
    if (!bytes.has(LENGTH_BYTES)) await bytes.fill(LENGTH_BYTES)
    const { head, length } = bytes.lengthAhead()
    if (length < HEAD_BYTES_LEAST) throw misshapen(batch)
    const size = head + length
    const large = length > LARGEST_UNPACKED
    const wanted = large ? LENGTH_BYTES + HEAD_BYTES : size
    if (!bytes.has(wanted) && !(await bytes.fill(wanted))) throw misshapen(batch)
    const { offset, headEnd } = bytes.offsetAhead(head)
    left--
    if (batch.baseOffset + offset <= last || batch.baseOffset + offset >= batch.nextOffset) throw misshapen(batch)
    last = batch.baseOffset + offset
    if (!large) return { record: bytes.take(size), size: undefined }
    const body = Buffer.concat([bytes.peek(head, headEnd), NOTHING_MORE])
    if (!(await bytes.skip(size))) throw misshapen(batch)
    return { record: Buffer.concat([Buffer.from([body.length * 2]), body]), size: length }
  }
  return {
    async next(from, maxBytes) {
      const records: Buffer[] = []
      const oversized = new Map<number, number>()
      for (let held = 0; left > 0 && held < maxBytes && records.length < MOST_RECORDS; ) {
        const { record, size } = await nextRecord()
        if (last < from) continue
        if (size !== undefined) oversized.set(records.length, size)
        held += record.length
        records.push(record)
      }
      const next = Math.max(from, left === 0 ? batch.nextOffset : last + 1)
      return { unpacked: Buffer.concat(records), count: records.length, next, oversized, done: left === 0 }
    },
    close: () => bytes.close(),
  }
}

/** Seven fields of one byte, without the length. */
const HEAD_BYTES_LEAST = 6

/** Chunks as one run of bytes, of which only those ahead are held. */
function openBytes(chunks: AsyncGenerator<Buffer>) {
  let ahead: Buffer = Buffer.alloc(0)
  const cursor: Cursor = { at: 0 }
  let at = 0
  const has = (size: number) => ahead.length - at >= size
  return {
    has,
    /** Waits for so many bytes; false where they end before. */
    async fill(size: number): Promise<boolean> {
      const parts = [ahead.subarray(at)]
      for (let have = ahead.length - at; have < size; ) {
        const { value, done } = await chunks.next()
        if (done) break
        parts.push(value)
        have += value.length
      }
      ;[ahead, at] = [Buffer.concat(parts), 0]
      return has(size)
    },
    lengthAhead() {
      cursor.at = at
      const length = readSigned(ahead, cursor)
      return { head: cursor.at - at, length }
    },
    /** The offset of the record ahead, and where it ends in it. */
    offsetAhead(head: number) {
      cursor.at = at + head + 1
      readSignedLong(ahead, cursor)
      const offset = readSigned(ahead, cursor)
      return { offset, headEnd: cursor.at - at }
    },
    peek: (from: number, to: number) => Buffer.from(ahead.subarray(at + from, at + to)),
    take(size: number): Buffer {
      at += size
      return ahead.subarray(at - size, at)
    },
    async skip(size: number): Promise<boolean> {
      let left = size - (ahead.length - at)
      if (left <= 0) {
        at += size
        return true
      }
      ;[ahead, at] = [Buffer.alloc(0), 0]
      while (left > 0) {
        const { value, done } = await chunks.next()
        if (done) return false
        if (value.length > left) [ahead, at] = [value, left]
        left -= value.length
      }
      return true
    },
    close: async () => void (await chunks.return(undefined)),
  }
}

function misshapen({ baseOffset, nextOffset }: RecordBatch): Error {
  return damaged(`the records of offsets ${baseOffset} to ${nextOffset - 1} do not fit into their batch`)
}

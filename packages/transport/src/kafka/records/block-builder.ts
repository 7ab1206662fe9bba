import { type JoinedValues, textOfKey } from '@millrace/base'
import { writeOffset } from '../../offset-halves.ts'
import type { BeforeRecord, ReadOptions } from '../../source.ts'
import { damaged, type RecordBatch } from './record-batch.ts'
import { type FoundInHeaders, findInHeaders, headersAsJson } from './record-headers.ts'
import { type Cursor, readSigned, readSignedLong } from './varint.ts'

/** The records of some batches as columns. */
export interface Columns extends JoinedValues {
  readonly bytes: Buffer
  readonly offsets: BigInt64Array
  readonly times: Float64Array
  readonly keys?: readonly (string | undefined)[]
  readonly headers?: readonly (string | undefined)[]
  readonly ids?: readonly (string | undefined)[]
}

/** What of the records is wanted beside their values. */
export interface Wanted {
  readonly keys?: boolean | undefined
  readonly withoutKey?: ReadOptions['withoutKey']
  readonly headers?: boolean | undefined
  readonly before?: BeforeRecord | undefined
}

/** A batch and its records, unpacked. */
export interface UnpackedBatch {
  readonly batch: RecordBatch
  readonly unpacked: Buffer
}

/** Returns a buffer of at least this size for the bytes of a block. */
export type TakeBuffer = (size: number) => Buffer

const NOTHING: FoundInHeaders = {}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** The columns under construction. A new column gets a field here and a line in `addRecords`. */
interface Filling {
  readonly bytes: Buffer
  readonly ends: Int32Array
  readonly offsets: BigInt64Array
  readonly times: Float64Array
  readonly keys: (string | undefined)[] | undefined
  readonly withoutKey: ReadOptions['withoutKey']
  readonly headers: (string | undefined)[] | undefined
  readonly before: BeforeRecord
  /** Made when the first id comes. */
  ids: (string | undefined)[] | undefined
  count: number
  size: number
  nulls: boolean
  longest: number
  /** The byte that every value so far starts with; -1 where they differ. */
  first: number
}

/** Slices the values of these batches, from the offset `from` on, into one buffer: one copy, no object a record. */
export function buildColumns(
  batches: readonly UnpackedBatch[],
  from: number,
  take: TakeBuffer,
  wanted: Wanted = {},
): Columns {
  const records = batches.reduce((sum, { batch }) => sum + batch.count, 0)
  const filling: Filling = {
    // A record's fields take more room than the newline that comes in their place.
    bytes: take(batches.reduce((sum, { unpacked }) => sum + unpacked.length, 0)),
    ends: new Int32Array(records),
    offsets: new BigInt64Array(records),
    times: new Float64Array(records),
    keys: wanted.keys ? [] : undefined,
    withoutKey: wanted.withoutKey,
    headers: wanted.headers ? [] : undefined,
    before: wanted.before ?? {},
    ids: undefined,
    count: 0,
    size: 0,
    nulls: false,
    longest: 0,
    first: -1,
  }
  for (const { batch, unpacked } of batches) addRecords(filling, batch, unpacked, from)
  return finish(filling)
}

function addRecords(filling: Filling, batch: RecordBatch, unpacked: Buffer, from: number): void {
  const { baseOffset, baseTime, appendTime } = batch
  const { bytes, ends, times, keys, withoutKey, headers, before } = filling
  const halves = new Int32Array(filling.offsets.buffer)
  const cursor: Cursor = { at: 0 }
  let { count, size, nulls, longest, first } = filling
  for (let left = batch.count; left > 0; left--) {
    const length = readSigned(unpacked, cursor)
    const recordEnd = cursor.at + length
    cursor.at++
    const time = readSignedLong(unpacked, cursor)
    const offset = baseOffset + readSigned(unpacked, cursor)
    const keyLength = readSigned(unpacked, cursor)
    const keyStart = cursor.at
    if (keyLength > 0) cursor.at += keyLength
    const valueLength = readSigned(unpacked, cursor)
    const start = cursor.at
    const end = valueLength > 0 ? start + valueLength : start
    if (length < 0 || end > recordEnd || recordEnd > unpacked.length) throw misshapen(batch)
    cursor.at = recordEnd
    if (offset < from) continue
    // A zero here says that there are no headers.
    const hasHeaders = unpacked[end] !== 0
    const found = hasHeaders ? findInHeaders(unpacked, end, recordEnd, before) : NOTHING
    if (keys) {
      const isWanted = keyLength >= 0 && !withoutKey?.(unpacked, start, end)
      const key = unpacked.subarray(keyStart, keyStart + keyLength)
      keys[count] = isWanted ? textOfKey(found.key ? Buffer.concat([found.key, key]) : key) : undefined
    }
    if (found.id !== undefined) takeId(filling, count, found.id)
    if (headers) headers[count] = hasHeaders ? headersAsJson(unpacked, end, recordEnd) : undefined
    if (valueLength < 0) nulls = true
    const began = size
    if (found.value && valueLength >= 0) {
      bytes.set(found.value, size)
      size += found.value.length
    }
    if (valueLength > 0) unpacked.copy(bytes, size, start, end)
    size += end - start
    if (size - began > longest) longest = size - began
    const firstByte = size > began ? (bytes[began] as number) : -1
    if (firstByte !== first) first = count === 0 ? firstByte : -1
    ends[count] = valueLength < 0 ? -1 - size : size
    // Written as a line feed later: until then, no line feed in the buffer means none in any value.
    bytes[size++] = 0
    writeOffset(halves, count, offset)
    times[count++] = appendTime ?? baseTime + time
  }
  filling.count = count
  filling.size = size
  filling.nulls = nulls
  filling.longest = longest
  filling.first = first
}

function takeId(filling: Filling, index: number, id: string): void {
  filling.ids ??= []
  filling.ids[index] = id
}

function finish(filling: Filling): Columns {
  const { bytes: room, ends: allEnds, offsets, times, keys, headers, ids, count, size, nulls, longest, first } = filling
  const bytes = room.subarray(0, size)
  const ends = allEnds.subarray(0, count)
  const lineBreaks = bytes.includes(LINE_FEED) || bytes.includes(CARRIAGE_RETURN)
  for (let i = 0; i < count; i++) {
    const end = ends[i] as number
    bytes[end < 0 ? -1 - end : end] = LINE_FEED
  }
  return {
    count,
    bytes,
    ends,
    offsets: offsets.subarray(0, count),
    times: times.subarray(0, count),
    traits: { nulls, lineBreaks, longest, first },
    ...(keys && { keys }),
    ...(headers && { headers }),
    ...(ids && { ids }),
  }
}

function misshapen({ baseOffset, nextOffset }: RecordBatch): Error {
  return damaged(`the records of offsets ${baseOffset} to ${nextOffset - 1} do not fit into their batch`)
}

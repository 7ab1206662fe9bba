import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import { decompressFrameSync } from 'lz4-napi'
import { uncompressSync } from 'snappy'
import { damaged } from './record-batch.ts'

/** No batch may unpack to more: a broker's limit is on packed bytes, and a few of them can unpack to anything. */
const LARGEST_UNPACKED = 1 << 30

const UNPACK: Readonly<Record<number, (packed: Buffer) => Buffer>> = {
  1: (packed) => gunzipSync(packed, { maxOutputLength: LARGEST_UNPACKED }),
  2: unpackSnappy,
  3: (packed) => decompressFrameSync(packed),
  4: (packed) => zstdDecompressSync(packed, { maxOutputLength: LARGEST_UNPACKED }),
}

/** The records of a batch as they were before they were packed: gzip, snappy, lz4, zstd. */
export function unpack(codec: number, packed: Buffer): Buffer {
  if (codec === 0) return packed
  const unpackWith = UNPACK[codec]
  if (!unpackWith) throw new MillraceError('SOURCE_UNSUPPORTED', `records packed by the unknown codec ${codec}`)
  try {
    return unpackWith(packed)
  } catch (cause) {
    throw damaged(`a record batch does not unpack: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/** How Java's snappy-java begins its own framing: blocks with their lengths in front, after 16 bytes of header. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER = 16

function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, XERIAL.length).equals(XERIAL)) return unpackSnappyBlock(packed)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER; at < packed.length; ) {
    const start = at + 4
    at = start + packed.readUInt32BE(at)
    if (at > packed.length) throw new RangeError(`a snappy block of ${at - start} bytes is cut off`)
    blocks.push(unpackSnappyBlock(packed.subarray(start, at)))
  }
  return Buffer.concat(blocks)
}

function unpackSnappyBlock(packed: Buffer): Buffer {
  return uncompressSync(packed, { asBuffer: true }) as Buffer
}

import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { damaged } from './record-batch.ts'

/** No batch may unpack to more: a broker's limit is on packed bytes, and a few of them can unpack to anything. */
const LARGEST_UNPACKED = 1 << 30

const UNPACK: Readonly<Record<number, (packed: Buffer) => Buffer>> = {
  1: (packed) => gunzipSync(packed, roomFor(packed)),
  2: (packed) => compressionsAlgorithms.snappy.decompressSync(packed),
  3: (packed) => compressionsAlgorithms.lz4.decompressSync(packed),
  4: (packed) => zstdDecompressSync(packed, roomFor(packed)),
}

/** The records of a batch as they were before they were packed: gzip, snappy, lz4, zstd. */
export function unpack(codec: number, packed: Buffer): Buffer {
  if (codec === 0) return packed
  const unpackWith = UNPACK[codec]
  if (packed.length === 0) throw damaged('a record batch is packed into nothing')
  if (!unpackWith) throw new MillraceError('SOURCE_UNSUPPORTED', `records packed by the unknown codec ${codec}`)
  try {
    // On this thread: a batch takes less time than handing it to another.
    return unpackWith(packed)
  } catch (cause) {
    throw damaged(`a record batch does not unpack: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/** Node unpacks into pieces of this size: for text, all of a batch is likely to be one. */
function roomFor({ length }: Buffer): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: Math.min(1 << 20, Math.max(16 << 10, length * 4)), maxOutputLength: LARGEST_UNPACKED }
}

import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { damaged } from './record-batch.ts'

/** No batch may unpack to more: a broker's limit is on packed bytes, and a few of them can unpack to anything. */
const LARGEST_UNPACKED = 1 << 30

const UNPACK: Readonly<Record<number, (packed: Buffer) => Buffer>> = {
  1: (packed) => gunzipSync(packed, { maxOutputLength: LARGEST_UNPACKED }),
  2: (packed) => compressionsAlgorithms.snappy.decompressSync(packed),
  3: (packed) => compressionsAlgorithms.lz4.decompressSync(packed),
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

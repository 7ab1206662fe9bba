import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { LARGEST_UNPACKED } from './bounds.ts'
import { lz4Chunks, lz4Most } from './lz4.ts'
import { damaged } from './record-batch.ts'
import { snappyChunks, snappySize } from './snappy.ts'

interface Codec {
  /** Unpacks all at once; undefined if that is, or may be, more than `LARGEST_UNPACKED`. */
  whole(packed: Buffer): Buffer | undefined
  /** Unpacks as much as is asked for. */
  chunks(packed: Buffer): AsyncIterable<Buffer>
}

const CODECS: Readonly<Record<number, Codec>> = {
  0: {
    whole: (packed) => (packed.length > LARGEST_UNPACKED ? undefined : packed),
    chunks: (packed) => inTurns([packed]),
  },
  1: {
    whole: (packed) => unlessLarger(() => gunzipSync(packed, roomFor(packed))),
    chunks: (packed) => createGunzip({ chunkSize: CHUNK_BYTES }).end(packed),
  },
  2: {
    whole: (packed) =>
      snappySize(packed) > LARGEST_UNPACKED ? undefined : compressionsAlgorithms.snappy.decompressSync(packed),
    chunks: (packed) => inTurns(snappyChunks(packed)),
  },
  3: {
    whole: (packed) =>
      lz4Most(packed) > LARGEST_UNPACKED ? undefined : compressionsAlgorithms.lz4.decompressSync(packed),
    chunks: (packed) => inTurns(lz4Chunks(packed)),
  },
  4: {
    whole: (packed) => unlessLarger(() => zstdDecompressSync(packed, roomFor(packed))),
    chunks: (packed) => createZstdDecompress({ chunkSize: CHUNK_BYTES }).end(packed),
  },
}

const CHUNK_BYTES = 256 << 10

/** The records of a batch as they were before they were packed, unless they are larger than is good at once. */
export function unpack(codec: number, packed: Buffer): Buffer | undefined {
  const { whole } = codecOf(codec, packed)
  try {
    // Unpacked on this thread: that takes less time than handing a batch to another.
    return whole(packed)
  } catch (cause) {
    throw doesNotUnpack(cause)
  }
}

/** The same chunk by chunk, however large they are. */
export async function* unpackChunks(codec: number, packed: Buffer): AsyncGenerator<Buffer> {
  try {
    yield* codecOf(codec, packed).chunks(packed)
  } catch (cause) {
    throw doesNotUnpack(cause)
  }
}

function codecOf(number: number, packed: Buffer): Codec {
  const codec = CODECS[number]
  if (!codec) throw new MillraceError('SOURCE_UNSUPPORTED', `records packed by the unknown codec ${number}`)
  if (packed.length === 0 && number !== 0) throw damaged('a record batch is packed into nothing')
  return codec
}

function doesNotUnpack(cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  return damaged(`a record batch does not unpack: ${cause instanceof Error ? cause.message : cause}`)
}

function unlessLarger(unpackAll: () => Buffer): Buffer | undefined {
  try {
    return unpackAll()
  } catch (error) {
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

/** Node unpacks into pieces of this size: for text, all of a batch is likely to be one. */
function roomFor({ length }: Buffer): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: Math.min(1 << 20, Math.max(16 << 10, length * 4)), maxOutputLength: LARGEST_UNPACKED }
}

/** Others get their turn after every chunk. */
async function* inTurns(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    yield chunk
    await nextTurn()
  }
}

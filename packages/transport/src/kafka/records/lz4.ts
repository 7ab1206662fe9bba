import { damaged } from './record-batch.ts'
import { appendAll, createWindow, repeatAll, type Window } from './window.ts'

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
const MAGIC = 0x184d2204
const HAS_BLOCK_SUM = 0x10
const HAS_SIZE = 0x08
const HAS_SUM = 0x04
const HAS_DICTIONARY = 0x01
const STORED = 0x80000000
/** No sequence gets more out of a byte. */
const HIGHEST_RATIO = 255
const SMALLEST_MATCH = 4

interface Block {
  readonly bytes: Buffer
  /** Whether the block is stored uncompressed. */
  readonly stored: boolean
  /** It unpacks to no more. */
  readonly mostBytes: number
}

/** The most that a frame can unpack to, by its blocks and without unpacking any. */
export function lz4Most(packed: Buffer): number {
  let sum = 0
  for (const { mostBytes } of blocksOf(packed)) sum += mostBytes
  return sum
}

/** Unpacks a frame chunk by chunk. Its own checksums are not looked at: the batch has one. */
export function* lz4Chunks(packed: Buffer): Generator<Buffer> {
  const window = createWindow()
  for (const { bytes, stored } of blocksOf(packed)) {
    yield* stored ? appendAll(window, bytes, 0, bytes.length) : sequencesOf(bytes, window)
  }
  yield window.take()
}

function* blocksOf(packed: Buffer): Generator<Block> {
  for (let at = 0; at < packed.length; ) {
    if (packed.length < at + 7 || packed.readUInt32LE(at) !== MAGIC) throw damaged('no lz4 frame')
    const flags = packed.readUInt8(at + 4)
    const largest = 1 << (8 + 2 * ((packed.readUInt8(at + 5) >> 4) & 7))
    at += 7 + (flags & HAS_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0)
    for (;;) {
      if (at + 4 > packed.length) throw damaged('an lz4 frame ends in the middle of itself')
      const word = packed.readUInt32LE(at)
      const size = word % STORED
      at += 4
      if (word === 0) break
      if (at + size > packed.length) throw damaged('an lz4 block runs out of its frame')
      const mostBytes = Math.min(largest, size * HIGHEST_RATIO)
      yield { bytes: packed.subarray(at, at + size), stored: word >= STORED, mostBytes }
      at += size + (flags & HAS_BLOCK_SUM ? 4 : 0)
    }
    if (flags & HAS_SUM) at += 4
  }
}

/** Each has some bytes as they are, and then repeats some; the last does not. */
function* sequencesOf(bytes: Buffer, window: Window): Generator<Buffer> {
  let at = 0
  const lengthFrom = (nibble: number) => {
    let length = nibble
    if (nibble < 15) return length
    for (let byte = 255; byte === 255; length += byte) byte = bytes[at++] ?? 0
    return length
  }
  while (at < bytes.length) {
    const token = bytes[at++] as number
    const literals = lengthFrom(token >> 4)
    yield* appendAll(window, bytes, at, literals)
    at += literals
    if (at >= bytes.length) return
    const distance = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    at += 2
    yield* repeatAll(window, distance, lengthFrom(token & 15) + SMALLEST_MATCH)
  }
}

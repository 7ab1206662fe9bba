import { damaged } from './record-batch.ts'
import { type Cursor, readUnsigned } from './varint.ts'
import { appendAll, createWindow, repeatAll, type Window } from './window.ts'

/** Snappy's Java library writes independent blocks behind this and two numbers of four bytes. */
const FRAME = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const FRAME_HEADER = 16

/** Returns the unpacked size that the blocks declare. */
export function snappySize(packed: Buffer): number {
  let sum = 0
  for (const block of blocksOf(packed)) sum += readUnsigned(block, { at: 0 })
  return sum
}

/** Unpacks chunk by chunk: https://github.com/google/snappy/blob/main/format_description.txt */
export function* snappyChunks(packed: Buffer): Generator<Buffer> {
  const window = createWindow()
  for (const block of blocksOf(packed)) yield* elementsOf(block, window)
  yield window.take()
}

function* blocksOf(packed: Buffer): Generator<Buffer> {
  if (!packed.subarray(0, FRAME.length).equals(FRAME)) return void (yield packed)
  for (let at = FRAME_HEADER; at < packed.length; ) {
    if (at + 4 > packed.length) throw damaged('a snappy block has no length')
    const start = at + 4
    at = start + packed.readUInt32BE(at)
    if (at > packed.length) throw damaged('a snappy block runs out of its frame')
    yield packed.subarray(start, at)
  }
}

function* elementsOf(block: Buffer, window: Window): Generator<Buffer> {
  const cursor: Cursor = { at: 0 }
  let left = readUnsigned(block, cursor)
  while (cursor.at < block.length) {
    const tag = block[cursor.at++] as number
    const kind = tag & 3
    const length =
      kind === 0 ? literalLength(block, cursor, tag >> 2) : kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    left -= length
    if (left < 0) throw damaged('a snappy block unpacks to more than it says')
    if (kind === 0) {
      yield* appendAll(window, block, cursor.at, length)
      cursor.at += length
    } else {
      yield* repeatAll(window, distance(block, cursor, tag, kind), length)
    }
  }
  if (left > 0) throw damaged('a snappy block unpacks to less than it says')
}

function literalLength(block: Buffer, cursor: Cursor, said: number): number {
  return said < 60 ? said + 1 : littleEndian(block, cursor, said - 59) + 1
}

function distance(block: Buffer, cursor: Cursor, tag: number, kind: number): number {
  if (kind === 1) return ((tag >> 5) << 8) | littleEndian(block, cursor, 1)
  return littleEndian(block, cursor, kind === 2 ? 2 : 4)
}

/** Past the end of the bytes it reads zeros. */
function littleEndian(bytes: Buffer, cursor: Cursor, length: number): number {
  let value = 0
  for (let i = 0; i < length; i++) value += (bytes[cursor.at++] ?? 0) * 256 ** i
  return value
}

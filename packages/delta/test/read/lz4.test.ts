import { expect, test } from 'vitest'
import { lz4Block, lz4Frames } from '../../src/read/parquet/lz4.ts'

/** Three letters, a repetition of six that reaches into itself, and one letter. */
const BLOCK = Buffer.from([0x32, ...Buffer.from('abc'), 3, 0, 0x10, ...Buffer.from('d')])
const TEXT = 'abcabcabcd'

function frame(block: Uint8Array, open: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(open)
  head.writeUInt32BE(block.length, 4)
  return Buffer.concat([head, block])
}

test('a block is decompressed', () => {
  expect(Buffer.from(lz4Block(BLOCK, TEXT.length)).toString()).toBe(TEXT)
})

test("blocks in Hadoop's frames are decompressed one after another", () => {
  const frames = Buffer.concat([frame(BLOCK, TEXT.length), frame(BLOCK, TEXT.length)])
  expect(Buffer.from(lz4Frames(frames, 2 * TEXT.length)).toString()).toBe(TEXT + TEXT)
})

test('blocks that share a frame are decompressed one after another', () => {
  const [first, second] = [frame(BLOCK, 2 * TEXT.length), frame(BLOCK, 0).subarray(4)]
  const frames = Buffer.concat([first, second, frame(BLOCK, TEXT.length)])
  expect(Buffer.from(lz4Frames(frames, 3 * TEXT.length)).toString()).toBe(TEXT + TEXT + TEXT)
})

test.each([
  ['too short for what it says', TEXT.length + 1, BLOCK],
  ['longer than it says', TEXT.length - 1, BLOCK],
  ['cut off in a text', TEXT.length, Buffer.from([0xa0, ...Buffer.from('abc')])],
  ['a repetition of what comes before it', TEXT.length, Buffer.from([0x32, ...Buffer.from('abc'), 4, 0, 0x10, 100])],
])('a block that is %s is refused', (_, length, block) => {
  expect(() => lz4Block(block, length)).toThrow()
})

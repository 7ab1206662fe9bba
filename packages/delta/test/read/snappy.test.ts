import { expect, test } from 'vitest'
import { snappyBlock } from '../../src/read/parquet/snappy.ts'

const LETTERS = [...Buffer.from('abc')]

test.each([
  ['a text', [3, 0x08, ...LETTERS], 'abc'],
  ['a text whose length has a byte of its own', [3, 0xf0, 2, ...LETTERS], 'abc'],
  ['a repetition that reaches into itself', [10, 0x08, ...LETTERS, 0x0d, 3], 'abcabcabca'],
  ['a repetition of two bytes of distance', [5, 0x08, ...LETTERS, 0x06, 3, 0], 'abcab'],
  ['a repetition of four bytes of distance', [5, 0x08, ...LETTERS, 0x07, 3, 0, 0, 0], 'abcab'],
])('%s is decompressed', (_, block, text) => {
  expect(Buffer.from(snappyBlock(Uint8Array.from(block), text.length)).toString()).toBe(text)
})

test.each([
  ['a text longer than the block', [10, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0], 10],
  ['a text that is cut off', [3, 0x08, 0x61], 3],
  ['a repetition of what comes before it', [7, 0x08, ...LETTERS, 0x01, 4], 7],
  ['a repetition of nothing', [7, 0x08, ...LETTERS, 0x01, 0], 7],
  ['more than it says', [4, 0x08, ...LETTERS], 2],
  ['less than it says', [4, 0x08, ...LETTERS], 4],
  ['a length without an end', [0xff, 0xff], 3],
])('%s is refused', (_, block, length) => {
  expect(() => snappyBlock(Uint8Array.from(block), length)).toThrow('Snappy')
})

import { expect, test } from 'vitest'
import { readHybrid } from '../../src/read/parquet/hybrid.ts'

function read(width: number, count: number, ...bytes: number[]): number[] {
  const read: number[] = []
  readHybrid(Uint8Array.from(bytes), width, count, (number, times) => {
    for (let i = 0; i < times; i++) read.push(number)
  })
  return read
}

test('runs and packed numbers come one after another', () => {
  expect(read(3, 12, 8, 5, 3, 0x88, 0xc6, 0xfa)).toEqual([5, 5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7])
  expect(read(12, 3, 4, 0xbc, 0x0a, 3, 0x23, 0x01)).toEqual([0xabc, 0xabc, 0x123])
  expect(read(32, 2, 4, 0xff, 0xff, 0xff, 0xff)).toEqual([0xffffffff, 0xffffffff])
})

test('what claims more than there is room for ends with the room', () => {
  expect(read(1, 4, 0x80, 0x80, 0x80, 0x80, 0x08, 1)).toEqual([1, 1, 1, 1])
  expect(read(1, 3, 0xff, 0xff, 0xff, 0xff, 0x0f, 0b101)).toEqual([1, 0, 1])
})

test.each([
  ['nothing', 1, []],
  ['a run without its number', 9, [8, 1]],
  ['packed numbers that are cut off', 8, [3, 1, 2]],
  ['a length without an end', 1, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
  ['numbers of 33 bits', 33, [8, 1, 1, 1, 1, 1]],
])('%s is refused', (_, width, bytes) => {
  expect(() => read(width, 4, ...bytes)).toThrow()
})

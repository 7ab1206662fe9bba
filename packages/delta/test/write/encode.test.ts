import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRoaring } from '../../src/read/roaring.ts'
import { decodeZ85, encodeZ85 } from '../../src/read/z85.ts'
import { encodeRoaring } from '../../src/write/encode-roaring.ts'

const decoded = (bytes: Uint8Array) => {
  const rows: number[] = []
  decodeRoaring(bytes, 1_000_000, (row) => rows.push(row))
  return rows
}
const sorted = (rows: readonly number[]) => [...new Set(rows)].sort((a, b) => a - b)

test('any rows are read back from the bitmap that is written of them', () => {
  const few = fc.array(fc.integer({ min: 0, max: 2 ** 28 }), { maxLength: 50 })
  const dense = fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 10_000 }))
  fc.assert(
    fc.property(few, dense, (some, [from, count]) => {
      const rows = sorted([...some, ...Array.from({ length: count }, (_, i) => from + i)])
      expect(decoded(encodeRoaring(rows))).toEqual(rows)
    }),
    { numRuns: 30 },
  )
})

test('any bytes are read back from their Z85', () => {
  const words = fc.uint8Array({ maxLength: 16 }).map((bytes) => bytes.slice(0, bytes.length & ~3))
  fc.assert(
    fc.property(words, (bytes) => {
      expect(decodeZ85(encodeZ85(bytes))).toEqual(bytes)
    }),
  )
})

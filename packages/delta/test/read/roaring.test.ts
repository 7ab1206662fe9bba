import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeRoaring } from '../../src/read/roaring.ts'
import { decodeZ85 } from '../../src/read/z85.ts'

function rowsIn(bytes: Uint8Array, most: number): number[] {
  const rows: number[] = []
  expect(decodeRoaring(bytes, most, (row) => rows.push(row))).toBe(rows.length)
  return rows
}

// Written by CRoaring: pyroaring's BitMap64.serialize(), after Delta's magic number.
const folder = join(import.meta.dirname, 'roaring')
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.bin') ? [file.slice(0, -4)] : []))

describe('a bitmap that CRoaring wrote', () => {
  test.for(names)('is decoded: %s', (name) => {
    const { ranges, count } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
    const rows = rowsIn(readFileSync(join(folder, `${name}.bin`)), 100_000_000)
    const expected = (ranges as [number, number, number][]).flatMap(([from, to, step]) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step),
    )
    expect(rows).toHaveLength(count)
    expect(rows).toEqual(expected)
  })

  test.for(names)('is refused when its end is missing: %s', (name) => {
    const bytes = readFileSync(join(folder, `${name}.bin`))
    expect(() => rowsIn(bytes.subarray(0, bytes.length - 1), 100_000_000)).toThrow(RangeError)
  })
})

test("the example of Delta's protocol is decoded", () => {
  const bytes = decodeZ85('wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L')
  expect(rowsIn(bytes as Uint8Array, 100_000_000)).toEqual([3, 4, 7, 11, 18, 29])
})

test('the same example is decoded in the other byte order', () => {
  const bytes = Buffer.from(decodeZ85('wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L') as Uint8Array)
  bytes.subarray(0, 12).swap32()
  expect(rowsIn(bytes, 100_000_000)).toEqual([3, 4, 7, 11, 18, 29])
})

test('bytes of another format are refused', () => {
  expect(() => rowsIn(new Uint8Array(40), 100_000_000)).toThrow(RangeError)
})

test('a bitmap of few bytes and very many rows is refused before it is expanded', () => {
  const runs = Buffer.alloc(12 + 4 + 4 + 1 + 4 + 2 + 4)
  runs.writeUInt32LE(1681511377, 0)
  runs.writeUInt32LE(1, 4)
  runs.writeUInt32LE(12347, 16)
  runs[20] = 1
  runs.writeUInt16LE(65535, 23)
  runs.writeUInt16LE(1, 25)
  runs.writeUInt16LE(65535, 29)
  expect(rowsIn(runs, 65_536)).toHaveLength(65_536)
  expect(() => rowsIn(runs, 65_535)).toThrow(RangeError)
})

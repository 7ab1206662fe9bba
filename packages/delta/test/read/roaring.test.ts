import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeRoaring } from '../../src/read/roaring.ts'
import { decodeZ85 } from '../../src/read/z85.ts'

// Written by CRoaring: pyroaring's BitMap64.serialize(), after Delta's magic number.
const folder = join(import.meta.dirname, 'roaring')
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.bin') ? [file.slice(0, -4)] : []))

describe('a bitmap that CRoaring wrote', () => {
  test.for(names)('is decoded: %s', (name) => {
    const { ranges, count } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
    const rows = decodeRoaring(readFileSync(join(folder, `${name}.bin`)))
    const expected = (ranges as [number, number, number][]).flatMap(([from, to, step]) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step),
    )
    expect(rows).toHaveLength(count)
    expect(rows).toEqual(expected)
  })

  test.for(names)('is refused when its end is missing: %s', (name) => {
    const bytes = readFileSync(join(folder, `${name}.bin`))
    expect(() => decodeRoaring(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError)
  })
})

test("the example of Delta's protocol is decoded", () => {
  const bytes = decodeZ85('wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L')
  expect(decodeRoaring(bytes as Uint8Array)).toEqual([3, 4, 7, 11, 18, 29])
})

test('the same example is decoded in the other byte order', () => {
  const bytes = Buffer.from(decodeZ85('wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L') as Uint8Array)
  bytes.subarray(0, 12).swap32()
  expect(decodeRoaring(bytes)).toEqual([3, 4, 7, 11, 18, 29])
})

test('bytes of another format are refused', () => {
  expect(() => decodeRoaring(new Uint8Array(40))).toThrow(RangeError)
})

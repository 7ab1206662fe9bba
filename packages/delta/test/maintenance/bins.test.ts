import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AddFile } from '../../src/index.ts'
import { binsOf } from '../../src/maintenance/bins.ts'

const file = (path: string, size: number, more: Partial<AddFile> = {}): AddFile => ({
  path,
  size,
  partitionValues: {},
  modificationTime: 0,
  dataChange: true,
  ...more,
})

test('small files go together, in the order of their time, up to the target', () => {
  const files = [
    file('c', 40, { modificationTime: 3 }),
    file('a', 40, { modificationTime: 1 }),
    file('b', 40, { modificationTime: 2 }),
  ]
  expect(binsOf(files, 100).map((bin) => bin.map(({ path }) => path))).toEqual([['a', 'b']])
})

test('large files and lone files stay', () => {
  expect(binsOf([file('a', 80), file('b', 10)], 100)).toEqual([])
})

test('a file that has lost rows is written anew even alone', () => {
  const deletionVector = { storageType: 'i' as const, pathOrInlineDv: 'x', sizeInBytes: 1, cardinality: 1 }
  expect(binsOf([file('a', 500, { deletionVector })], 100)).toHaveLength(1)
})

test('a large file that has lost few rows is left alone where a share is given', () => {
  const lost = (cardinality: number) => ({
    deletionVector: { storageType: 'i' as const, pathOrInlineDv: 'x', sizeInBytes: 1, cardinality },
    stats: '{"numRecords":100}',
  })
  const [few, many] = [file('few', 500, lost(5)), file('many', 500, lost(6))]
  expect(binsOf([few, many], 100, 0.05)).toEqual([[many]])
  expect(binsOf([few, many], 100)).toEqual([[few], [many]])
})

test('partitions never mix, no bin is above the target, and no file is in two', () => {
  const files = fc.array(fc.record({ size: fc.integer({ min: 1, max: 150 }), p: fc.constantFrom('x', 'y', null) }))
  fc.assert(
    fc.property(files, (given) => {
      const all = given.map(({ size, p }, i) => file(String(i), size, { partitionValues: { p }, modificationTime: i }))
      const bins = binsOf(all, 100)
      for (const bin of bins) {
        expect(new Set(bin.map(({ partitionValues }) => partitionValues.p)).size).toBe(1)
        expect(bin.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(100)
        expect(bin.length).toBeGreaterThan(1)
      }
      const paths = bins.flat().map(({ path }) => path)
      expect(new Set(paths).size).toBe(paths.length)
    }),
  )
})

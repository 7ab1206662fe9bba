import { memoryStore } from '@millrace/store'
import { describe, expect, test } from 'vitest'
import { locationOf } from '../../src/log/log.ts'

const at = (url: string) => ({ store: { ...memoryStore(), url }, path: 'some/table' })

describe('a file of the log lies', () => {
  test.each([
    ['part-0.parquet', 'some/table/part-0.parquet'],
    ['a%20b/x%25y.parquet', 'some/table/a b/x%y.parquet'],
    ['p=a%253Ab/c+d.parquet', 'some/table/p=a%3Ab/c+d.parquet'],
    ['file:///lake/other/x%20y.parquet', 'other/x y.parquet'],
    ['file:/lake/other/x.parquet', 'other/x.parquet'],
    ['/lake/other/x.parquet', 'other/x.parquet'],
  ])('in the lake: %s', (path, key) => {
    expect(locationOf(at('file:///lake'), path)).toEqual({ key })
  })

  test.each([
    ['file:///elsewhere/x%20y.parquet', '/elsewhere/x y.parquet'],
    ['/lake2/x.parquet', '/lake2/x.parquet'],
    ['s3://bucket/x%20y.parquet', 's3://bucket/x y.parquet'],
  ])('elsewhere: %s', (path, address) => {
    expect(locationOf(at('file:///lake'), path)).toEqual({ address })
  })

  test('in the bucket that its address names', () => {
    expect(locationOf(at('s3://bucket/lake'), 's3://bucket/lake/t/x.parquet')).toEqual({ key: 't/x.parquet' })
  })

  test('nowhere, when its name is no URL', () => {
    expect(() => locationOf(at('file:///lake'), 'a%zz.parquet')).toThrow(
      expect.objectContaining({ code: 'TABLE_BROKEN' }),
    )
  })
})

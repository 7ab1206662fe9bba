import { zstdCompressSync } from 'node:zlib'
import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet'
import { expect, test } from 'vitest'
import { decodeColumn } from '../../src/read/parquet/column.ts'
import { type LeafColumn, readPage } from '../../src/read/parquet/page.ts'

const element = { name: 'word', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' } as const

function column(codec: LeafColumn['codec']): LeafColumn {
  return { codec, type: 'BYTE_ARRAY', element, levels: { value: 1, list: 0, repetition: 0 } }
}

test('a compressed page of nulls alone, behind levels that are not compressed, is read', () => {
  const levels = [8, 0]
  const rest = zstdCompressSync(new Uint8Array())
  const header = {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.length,
    compressed_page_size: levels.length + rest.length,
    data_page_header_v2: {
      ...{ num_values: 4, num_nulls: 4, num_rows: 4, encoding: 'PLAIN', is_compressed: true },
      ...{ definition_levels_byte_length: levels.length, repetition_levels_byte_length: 0 },
    },
  } as PageHeader
  const page = readPage(Uint8Array.of(...levels, ...rest), header, column('ZSTD'), [])
  expect(page.definitions).toEqual({ values: [0], ends: [4] })
  expect(page.values).toHaveLength(0)
})

test('a page that names a word which its dictionary does not have is refused', () => {
  const body = Uint8Array.of(2, 0, 0, 0, 4, 1, 2, 4, 2)
  const header = {
    ...{ type: 'DATA_PAGE', uncompressed_page_size: body.length, compressed_page_size: body.length },
    data_page_header: { num_values: 2, encoding: 'RLE_DICTIONARY' },
  } as PageHeader
  expect([...Array.from(readPage(body, header, column('UNCOMPRESSED'), ['a', 'b', 'c']).values)]).toEqual(['c', 'c'])
  expect(() => readPage(body, header, column('UNCOMPRESSED'), ['a', 'b'])).toThrow('dictionary')
})

test('a page of more numbers than it has bytes for is refused, whatever stands behind it', () => {
  const values = zstdCompressSync(new Uint8Array(16))
  const header = {
    ...{ type: 'DATA_PAGE_V2', uncompressed_page_size: 16, compressed_page_size: values.length },
    data_page_header_v2: {
      ...{ num_values: 3, num_nulls: 0, num_rows: 3, encoding: 'PLAIN', is_compressed: true },
      ...{ definition_levels_byte_length: 0, repetition_levels_byte_length: 0 },
    },
  } as PageHeader
  const number = { name: 'size', type: 'INT64', repetition_type: 'REQUIRED' } as const
  const leaf = {
    ...column('ZSTD'),
    type: 'INT64',
    element: number,
    levels: { value: 0, list: 0, repetition: 0 },
  } as const
  expect(() => readPage(values, header, leaf, [])).toThrow('cut off')
})

test.each([
  ['fewer bytes than none', -2, 2],
  ['more bytes than the page has', 2, 400],
  ['no bytes', 0, 0],
])('a page whose levels claim %s is refused', (_, repeating, defining) => {
  const text = [1, 0, 0, 0, 97]
  const body = Uint8Array.of(2, 1, ...text)
  const header = {
    ...{ type: 'DATA_PAGE_V2', uncompressed_page_size: body.length, compressed_page_size: body.length },
    data_page_header_v2: {
      ...{ num_values: 1, num_nulls: 0, num_rows: 1, encoding: 'PLAIN', is_compressed: false },
      ...{ definition_levels_byte_length: defining, repetition_levels_byte_length: repeating },
    },
  } as PageHeader
  expect(() => readPage(body, header, column('UNCOMPRESSED'), [])).toThrow('cut off')
})

test('a column with fewer values than the footer says is refused', () => {
  const chunk = { codec: 'UNCOMPRESSED', type: 'BYTE_ARRAY', num_values: 3n } as ColumnMetaData
  const leaf = { element, children: [], count: 1, path: ['word'] } as SchemaTree
  expect(() => decodeColumn(new Uint8Array(), chunk, [leaf])).toThrow('0 values in place of 3')
})

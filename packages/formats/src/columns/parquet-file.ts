import type { BlockColumns, Page } from '../block-columns.ts'
import { DELTA_LENGTHS, DICTIONARY, PLAIN, pageHead } from './page.ts'
import { type ThriftField, type ThriftValue, thriftStruct } from './thrift.ts'

const MAGIC = Buffer.from('PAR1')
const [RLE, UNCOMPRESSED, BYTE_ARRAY, OPTIONAL, UTF8] = [3, 0, 6, 1, 0] as const
const ENCODINGS = [PLAIN, RLE, DELTA_LENGTHS, DICTIONARY].map((i32) => ({ i32 }))

/** A column in a group of rows: where it begins, its size, and that of its dictionary, 0 where it has none. */
interface Chunk {
  readonly start: number
  readonly size: number
  readonly dictionary: number
}

interface Group {
  readonly rows: number
  readonly columns: readonly Chunk[]
}

/**
 * Yields the bytes of a Parquet file with the rows of some blocks, plain and not compressed: the engine reads them as they
 * are. Its columns are texts, `c0`, `c1` and so on; each is given by its place in each block's columns, -1 where a block
 * has none.
 */
export function* parquetFile(
  blocks: readonly BlockColumns[],
  placesIn: (block: BlockColumns) => readonly number[],
  count: number,
): Generator<Uint8Array> {
  const groups: Group[] = []
  let size = MAGIC.length
  yield MAGIC
  for (const block of blocks) {
    const places = placesIn(block)
    for (const { index, pages } of block.groups) {
      const columns: Chunk[] = []
      for (let column = 0; column < count; column++) {
        const page = pages.get(places[column] ?? -1)
        const bytes = page?.bytes ?? pageHead(index.length, 0, 0, PLAIN)
        columns.push({ start: size, size: bytes.length, dictionary: page ? dictionarySize(page) : 0 })
        size += bytes.length
        yield bytes
      }
      groups.push({ rows: index.length, columns })
    }
  }
  const footer = thriftStruct(fileMetadata(count, groups))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  yield Buffer.concat([footer, length, MAGIC])
}

/** Returns the name that the file has for a column. */
export function parquetName(column: number): string {
  return `c${column}`
}

function dictionarySize({ lengths }: Page): number {
  return 'size' in lengths ? lengths.size : 0
}

function fileMetadata(count: number, groups: readonly Group[]): ThriftField[] {
  const names = Array.from({ length: count }, (_, column) => parquetName(column))
  const root: ThriftField[] = [
    [4, { text: 'rows' }],
    [5, { i32: count }],
  ]
  const columns = names.map((name): ThriftField[] => [
    [1, { i32: BYTE_ARRAY }],
    [3, { i32: OPTIONAL }],
    [4, { text: name }],
    [6, { i32: UTF8 }],
  ])
  return [
    [1, { i32: 1 }],
    [2, { list: [root, ...columns].map((struct) => ({ struct })) }],
    [3, { i64: groups.reduce((sum, { rows }) => sum + rows, 0) }],
    [4, { list: groups.map((group) => rowGroup(names, group)) }],
  ]
}

function rowGroup(names: readonly string[], { rows, columns }: Group): ThriftValue {
  const chunks = columns.map(({ start, size, dictionary }, column): ThriftValue => {
    const metadata: ThriftField[] = [
      [1, { i32: BYTE_ARRAY }],
      [2, { list: ENCODINGS }],
      [3, { list: [{ text: names[column] as string }] }],
      [4, { i32: UNCOMPRESSED }],
      [5, { i64: rows }],
      [6, { i64: size }],
      [7, { i64: size }],
      [9, { i64: start + dictionary }],
      ...(dictionary > 0 ? [[11, { i64: start }] as const] : []),
    ]
    return {
      struct: [
        [2, { i64: start }],
        [3, { struct: metadata }],
      ],
    }
  })
  return {
    struct: [
      [1, { list: chunks }],
      [2, { i64: columns.reduce((sum, { size }) => sum + size, 0) }],
      [3, { i64: rows }],
    ],
  }
}

import type { ObjectStore } from '@millrace/store'
import {
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet'
import { getTreePath } from 'hyparquet/src/schema.js'
import { type Column, decodeColumn, NOTHING } from './column.ts'
import { cursor, numbersOf, spansOf } from './rows.ts'

/** A Parquet file of a store, small enough that a row group's columns fit into memory. */
export interface ParquetFile {
  readonly schema: SchemaTree
  readonly groups: readonly RowGroup[]
  /** Reads a field of a row group, whatever its shape. With `isSparing`, empty lists and maps are left out. */
  read(group: RowGroup, field: SchemaTree, isSparing: boolean): Promise<Column>
}

/** Bytes that are read first. Most files are smaller, and need no second read. */
const AT_ONCE = 32 << 20
/** The magic word, and the length of the footer before it. */
const TAIL_BYTES = 8

/** Returns undefined where the store has no such object. */
export async function openParquet(store: ObjectStore, key: string): Promise<ParquetFile | undefined> {
  const head = await store.get(key, { offset: 0, length: AT_ONCE })
  if (!head) return undefined
  const size = head.length < AT_ONCE ? head.length : await sizeOf(store, key)
  const bytes = async (offset: number, length: number): Promise<Uint8Array> => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw new Error('it names bytes that it does not have')
    if (offset + length <= head.length) return head.subarray(offset, offset + length)
    const piece = await store.get(key, { offset, length })
    if (piece?.length === length) return piece
    throw new Error('it has become shorter while it was read')
  }
  const metadata = await footerOf(size, bytes)
  const schema = parquetSchema(metadata)
  return {
    schema,
    groups: metadata.row_groups,
    read: (group, field, isSparing) => readField({ group, isSparing, bytes }, getTreePath(schema, field.path)),
  }
}

async function sizeOf(store: ObjectStore, key: string): Promise<number> {
  for await (const info of store.list(key)) if (info.key === key) return info.size
  throw new Error('it went away while it was read')
}

type Bytes = (offset: number, length: number) => Promise<Uint8Array>

/** Reads the footer of a file of so many bytes. */
export async function footerOf(size: number, bytes: Bytes): Promise<FileMetaData> {
  const tail = await bytes(size - TAIL_BYTES, TAIL_BYTES)
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) + TAIL_BYTES
  return parquetMetadata(await bytes(size - length, length), { geoparquet: false })
}

interface Source {
  readonly group: RowGroup
  readonly isSparing: boolean
  readonly bytes: Bytes
}

async function readField(source: Source, path: readonly SchemaTree[]): Promise<Column> {
  const field = path.at(-1) as SchemaTree
  const inner = (children: readonly SchemaTree[], above: readonly SchemaTree[]) =>
    Promise.all(children.map((child) => readField(source, [...above, child])))
  const [repeated] = field.children
  if (!repeated) return readLeaf(source, path)
  if (repeated.element.repetition_type !== 'REPEATED') return asObjects(field, await inner(field.children, path))
  const isOfTwo = repeated.children.length === 0
  const [first = NOTHING, second] = await inner(
    isOfTwo ? [repeated] : repeated.children,
    isOfTwo ? path : [...path, repeated],
  )
  return second ? asMaps(first, second) : first
}

async function readLeaf({ group, isSparing, bytes }: Source, path: readonly SchemaTree[]): Promise<Column> {
  const chunk = chunksOf(group).get(nameOf(path.slice(1).map(({ element }) => element.name)))
  if (!chunk) return NOTHING
  const mayBeEmpty = !isSparing && path.some(({ element }) => element.repetition_type === 'REPEATED')
  if (chunk.statistics?.null_count === chunk.num_values && !mayBeEmpty) return NOTHING
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = chunk
  const start = dictionary && dictionary < data ? dictionary : data
  return decodeColumn(await bytes(Number(start), Number(size)), chunk, path)
}

const chunks = new WeakMap<RowGroup, ReadonlyMap<string, ColumnMetaData>>()

function chunksOf(group: RowGroup): ReadonlyMap<string, ColumnMetaData> {
  const known = chunks.get(group)
  if (known) return known
  const found = new Map(
    group.columns.flatMap(({ meta_data: meta }) => (meta ? [[nameOf(meta.path_in_schema), meta]] : [])),
  )
  chunks.set(group, found)
  return found
}

function nameOf(path: readonly string[]): string {
  return path.join('\0')
}

/** Joins the fields of a struct by row. Rows whose fields are all null have none. */
function asObjects({ children }: SchemaTree, columns: readonly Column[]): Column {
  const objects = new Map<number, Record<string, unknown>>()
  for (const [index, { rows, values }] of columns.entries()) {
    const { name } = (children[index] as SchemaTree).element
    for (const [at, row] of numbersOf(rows).entries()) {
      const object = objects.get(row) ?? {}
      objects.set(row, object)
      object[name] = values[at]
    }
  }
  const rows = [...objects.keys()].sort((a, b) => a - b)
  return { rows: spansOf(rows), values: rows.map((row) => objects.get(row)) }
}

/** Joins the keys and the values of maps. */
function asMaps(keys: Column, values: Column): Column {
  const valuesOf = cursor(values)
  const maps = numbersOf(keys.rows).map((row, at) => {
    const inMap = (valuesOf(row) ?? []) as readonly unknown[]
    return Object.fromEntries((keys.values[at] as string[]).map((key, place) => [key, inMap[place] ?? null]))
  })
  return { rows: keys.rows, values: maps }
}

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { CompressionCodec, Compressors, DataPageHeader, PageHeader, ParquetType, SchemaElement } from 'hyparquet'
import { decompressPage, readDataPage } from 'hyparquet/src/datapage.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { lz4Block, lz4Frames } from './lz4.ts'
import { plainTexts } from './texts.ts'
import { readableValues } from './values.ts'

type DataReader = Parameters<typeof readRleBitPackedHybrid>[0]

/** Levels of a leaf, as the Parquet format counts them. */
export interface Levels {
  /** Definition level of a value. */
  readonly value: number
  /** Definition level of a list that is there but empty. */
  readonly list: number
  readonly repetition: number
}

export interface Page {
  /** Undefined where each place has a value. */
  readonly definitions: Uint8Array | undefined
  /** Undefined where nothing repeats. */
  readonly repetitions: Uint8Array | undefined
  readonly values: ArrayLike<unknown>
}

export interface LeafColumn {
  readonly codec: CompressionCodec
  readonly type: ParquetType
  readonly element: SchemaElement
  readonly levels: Levels
}

const COMPRESSORS: Compressors = {
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: length }),
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: length }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: length }),
  LZ4: lz4Frames,
  LZ4_RAW: lz4Block,
}

export function readDictionary(body: Uint8Array, header: PageHeader, column: LeafColumn): ArrayLike<unknown> {
  const count = header.dictionary_page_header?.num_values ?? 0
  const bytes = opened(body, Number(header.uncompressed_page_size), column.codec)
  return valuesOf(readerOf(bytes), count, 'PLAIN', column, [])
}

export function readPage(
  body: Uint8Array,
  header: PageHeader,
  column: LeafColumn,
  dictionary: ArrayLike<unknown>,
): Page {
  const { data_page_header: first, data_page_header_v2: second } = header
  const size = Number(header.uncompressed_page_size)
  const { levels, codec } = column
  if (first) {
    const reader = readerOf(opened(body, size, codec))
    const repetitions = levels.repetition > 0 ? readLevels(reader, levels.repetition, first.num_values) : undefined
    const definitions = levels.value > 0 ? readLevels(reader, levels.value, first.num_values) : undefined
    return pageOf(reader, first.num_values, first.encoding, { definitions, repetitions }, column, dictionary)
  }
  if (!second) throw new Error('a page of an unknown kind')
  const {
    repetition_levels_byte_length: repeating,
    definition_levels_byte_length: defining,
    num_values: count,
  } = second
  const reader = readerOf(body)
  const repetitions = levels.repetition > 0 ? readLevels(reader, levels.repetition, count, repeating) : undefined
  reader.offset = repeating
  const definitions = levels.value > 0 ? readLevels(reader, levels.value, count, defining) : undefined
  const packed = body.subarray(repeating + defining)
  const open = opened(packed, size - repeating - defining, second.is_compressed === false ? 'UNCOMPRESSED' : codec)
  return pageOf(readerOf(open), count, second.encoding, { definitions, repetitions }, column, dictionary)
}

/** Returns bytes of our own, which may be overwritten. */
function opened(body: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  return codec === 'UNCOMPRESSED' ? new Uint8Array(body) : decompressPage(body, size, codec, COMPRESSORS)
}

function pageOf(
  reader: DataReader,
  places: number,
  encoding: DataPageHeader['encoding'],
  { definitions, repetitions }: Pick<Page, 'definitions' | 'repetitions'>,
  column: LeafColumn,
  dictionary: ArrayLike<unknown>,
): Page {
  const whole = column.levels.value
  let count = places
  for (let i = 0; definitions && i < definitions.length; i++) if (definitions[i] !== whole) count--
  const values = valuesOf(reader, count, encoding, column, dictionary)
  return { definitions: count === places ? undefined : definitions, repetitions, values }
}

/** Reads levels; their length stands before them where it is not given. */
function readLevels(reader: DataReader, most: number, count: number, length?: number): Uint8Array {
  const levels = new Uint8Array(count)
  if (length !== 0) readRleBitPackedHybrid(reader, 32 - Math.clz32(most), levels, length)
  return levels
}

function valuesOf(
  reader: DataReader,
  count: number,
  encoding: DataPageHeader['encoding'],
  { type, element, codec }: LeafColumn,
  dictionary: ArrayLike<unknown>,
): ArrayLike<unknown> {
  const { view, offset } = reader
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, view.byteLength - offset)
  if (count === 0) return []
  if (encoding === 'PLAIN' && type === 'BYTE_ARRAY' && element.converted_type !== 'DECIMAL')
    return plainTexts(bytes, count)
  // Without a path it takes the bytes for values alone.
  const column = { type, element, schemaPath: [], codec } as unknown as Parameters<typeof readDataPage>[2]
  const { dataPage } = readDataPage(bytes, { ...NO_LEVELS, num_values: count, encoding }, column)
  if (!encoding.endsWith('_DICTIONARY')) return readableValues(dataPage, element)
  return Array.from(dataPage as ArrayLike<number>, (word) => dictionary[word])
}

const NO_LEVELS = { definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
}

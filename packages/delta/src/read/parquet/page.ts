import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { CompressionCodec, Compressors, DataPageHeader, PageHeader, ParquetType, SchemaElement } from 'hyparquet'
import { decompressPage, readDataPage } from 'hyparquet/src/datapage.js'
import { readHybrid } from './hybrid.ts'
import { lz4Block, lz4Frames } from './lz4.ts'
import { snappyBlock } from './snappy.ts'
import { plainTexts } from './texts.ts'
import { readableValues } from './values.ts'

interface DataReader {
  readonly view: DataView
  offset: number
}

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
  SNAPPY: snappyBlock,
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
  // Node's decompressors take no room for none.
  if (size === 0) return new Uint8Array()
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
  if (length === 0) return levels
  readHybrid(length === undefined ? lengthened(reader) : piece(reader, length), 32 - Math.clz32(most), levels)
  return levels
}

/** Returns the next bytes, and goes behind them. */
function piece(reader: DataReader, length: number): Uint8Array {
  const { buffer, byteOffset, byteLength } = reader.view
  if (!(length >= 0 && reader.offset + length <= byteLength)) throw new Error('levels are cut off')
  const bytes = new Uint8Array(buffer, byteOffset + reader.offset, length)
  reader.offset += length
  return bytes
}

/** Returns bytes that have their length before them. */
function lengthened(reader: DataReader): Uint8Array {
  const length = reader.view.getUint32(reader.offset, true)
  reader.offset += 4
  return piece(reader, length)
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
  if (encoding.endsWith('_DICTIONARY')) return wordsIn(bytes, count, dictionary)
  if (encoding === 'RLE') return flagsIn(lengthened(reader), count)
  if (encoding === 'PLAIN' && count * (PLAIN_BYTES[type] ?? 0) > bytes.length) throw new Error('values are cut off')
  // Without a path it takes the bytes for values alone.
  const column = { type, element, schemaPath: [], codec } as unknown as Parameters<typeof readDataPage>[2]
  const { dataPage } = readDataPage(bytes, { ...NO_LEVELS, num_values: count, encoding }, column)
  return readableValues(dataPage, element)
}

/** What a value takes: the library that reads them would go on with the bytes of other pages. */
const PLAIN_BYTES: Readonly<Partial<Record<ParquetType, number>>> = {
  ...{ INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 },
}

/** Before the words of a dictionary stands how many bits each has. */
function wordsIn(bytes: Uint8Array, count: number, dictionary: ArrayLike<unknown>): unknown[] {
  const words = new Uint32Array(count)
  const [width = 0] = bytes
  if (width > 0) readHybrid(bytes.subarray(1), width, words)
  return Array.from(words, (word) => {
    if (word < dictionary.length) return dictionary[word]
    throw new Error('it names a word that its dictionary does not have')
  })
}

/** Only booleans are written so. */
function flagsIn(bytes: Uint8Array, count: number): boolean[] {
  const flags = new Uint8Array(count)
  readHybrid(bytes, 1, flags)
  return Array.from(flags, (flag) => flag === 1)
}

const NO_LEVELS = { definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
}

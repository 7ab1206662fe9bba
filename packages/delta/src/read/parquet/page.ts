import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { CompressionCodec, Compressors, DataPageHeader, PageHeader, ParquetType, SchemaElement } from 'hyparquet'
import { decompressPage, readDataPage } from 'hyparquet/src/datapage.js'
import { type Levels, oneLevel, readHybrid, readLevels } from './hybrid.ts'
import { lz4Block, lz4Frames } from './lz4.ts'
import { snappyBlock } from './snappy.ts'
import { plainTexts } from './texts.ts'
import { readableValues } from './values.ts'

interface DataReader {
  readonly view: DataView
  offset: number
}

/** Levels of a leaf, as the Parquet format counts them. */
export interface LeafLevels {
  /** Definition level of a value. */
  readonly value: number
  /** Definition level of a list that is there but empty. */
  readonly list: number
  readonly repetition: number
}

export interface Page {
  /** How many levels it has. */
  readonly places: number
  readonly definitions: Levels
  readonly repetitions: Levels
  readonly values: ArrayLike<unknown>
}

export interface LeafColumn {
  readonly codec: CompressionCodec
  readonly type: ParquetType
  readonly element: SchemaElement
  readonly levels: LeafLevels
}

const COMPRESSORS: Compressors = {
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, inOnePiece(length)),
  GZIP: (bytes, length) => gunzipSync(bytes, inOnePiece(length)),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, inOnePiece(length)),
  SNAPPY: snappyBlock,
  LZ4: lz4Frames,
  LZ4_RAW: lz4Block,
}

/** Node's decompressors take pieces of 16 KiB otherwise, and of 64 bytes at least. */
function inOnePiece(length: number) {
  return { maxOutputLength: length, chunkSize: Math.max(64, length) }
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
    const levelsOf = (most: number) => decodeLevels(most, first.num_values, () => lengthened(reader))
    const [repetitions, definitions] = [levelsOf(levels.repetition), levelsOf(levels.value)]
    return pageOf(reader, first.encoding, { places: first.num_values, definitions, repetitions }, column, dictionary)
  }
  if (!second) throw new Error('a page of an unknown kind')
  const { num_values: places, encoding, is_compressed: isCompressed } = second
  const reader = readerOf(body)
  const repeating = piece(reader, second.repetition_levels_byte_length)
  const defining = piece(reader, second.definition_levels_byte_length)
  const repetitions = decodeLevels(levels.repetition, places, () => repeating)
  const definitions = decodeLevels(levels.value, places, () => defining)
  const packed = body.subarray(reader.offset)
  const open = opened(packed, size - reader.offset, isCompressed === false ? 'UNCOMPRESSED' : codec)
  return pageOf(readerOf(open), encoding, { places, definitions, repetitions }, column, dictionary)
}

/** Returns bytes of our own, which may be overwritten. */
function opened(body: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  // Node's decompressors take no room for none.
  if (size === 0) return new Uint8Array()
  return codec === 'UNCOMPRESSED' ? new Uint8Array(body) : decompressPage(body, size, codec, COMPRESSORS)
}

function pageOf(
  reader: DataReader,
  encoding: DataPageHeader['encoding'],
  levels: Omit<Page, 'values'>,
  column: LeafColumn,
  dictionary: ArrayLike<unknown>,
): Page {
  const { values, ends } = levels.definitions
  let count = 0
  for (let run = 0; run < values.length; run++) {
    if (values[run] === column.levels.value) count += (ends[run] as number) - (ends[run - 1] ?? 0)
  }
  return { ...levels, values: valuesOf(reader, count, encoding, column, dictionary) }
}

/** Reads levels; those of a leaf that can have one level only are not written. */
function decodeLevels(most: number, count: number, bytes: () => Uint8Array): Levels {
  return most === 0 ? oneLevel(0, count) : readLevels(bytes(), 32 - Math.clz32(most), count)
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

/** Size of a value by type. Values must fit into their page: the library that decodes them would read on beyond it. */
const PLAIN_BYTES: Readonly<Partial<Record<ParquetType, number>>> = {
  ...{ INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 },
}

/** Decodes indexes into a dictionary. The first byte says how many bits each has. */
function wordsIn(bytes: Uint8Array, count: number, dictionary: ArrayLike<unknown>): unknown[] {
  const values: unknown[] = []
  const take = (word: number, times: number) => {
    if (word >= dictionary.length) throw new Error('it names a word that its dictionary does not have')
    for (let i = 0; i < times; i++) values.push(dictionary[word])
  }
  const [width = 0] = bytes
  if (width === 0) take(0, count)
  else readHybrid(bytes.subarray(1), width, count, take)
  return values
}

/** Only booleans are written so. */
function flagsIn(bytes: Uint8Array, count: number): boolean[] {
  const flags: boolean[] = []
  readHybrid(bytes, 1, count, (flag, times) => {
    for (let i = 0; i < times; i++) flags.push(flag === 1)
  })
  return flags
}

const NO_LEVELS = { definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
}

import type { Dictionary, Lengths, Page } from '../block-columns.ts'
import { type ThriftField, thriftStruct, writeVarint } from './thrift.ts'

const [DATA_PAGE, DICTIONARY_PAGE, RLE] = [0, 2, 3] as const
const [DATA_PAGE_FIELD, DICTIONARY_PAGE_FIELD] = [5, 7] as const
export const PLAIN = 0
/** The lengths of all values, then the values. */
export const DELTA_LENGTHS = 6
/** Which values of the dictionary they are. */
export const DICTIONARY = 8

/** No page's header with what says which rows have a value, but for their bits, is longer. */
export const LONGEST_HEAD = 64

/** Nothing that stands before lengths is longer. */
export const LONGEST_LENGTHS_HEAD = 32

/** Differences come in blocks of a multiple of this. */
const BLOCK = 128

/** Returns what stands before a page's values and their lengths; before the bits where some rows have a value and some have none. */
export function pageHead(rows: number, present: number, size: number, encoding: number): Buffer {
  const isMixed = present > 0 && present < rows
  const bits = isMixed ? bitBytes(rows) : 0
  const run: number[] = []
  writeVarint(isMixed ? bits * 2 + 1 : rows * 2, run)
  if (!isMixed) run.push(present > 0 ? 1 : 0)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(run.length + bits)
  const levels = Buffer.concat([length, Buffer.from(run)])
  const all = levels.length + bits + size
  const about = [rows, encoding, RLE, RLE]
  return Buffer.concat([pageHeader(DATA_PAGE, all, DATA_PAGE_FIELD, about), levels])
}

/** Returns what stands before the values of a dictionary. */
export function dictionaryHead(count: number, size: number): Buffer {
  return pageHeader(DICTIONARY_PAGE, size, DICTIONARY_PAGE_FIELD, [count, PLAIN])
}

/** Returns a page's header; what stands in it of this type of page is a field of its own. */
function pageHeader(type: number, size: number, field: number, about: readonly number[]): Buffer {
  const struct = about.map((i32, i): ThriftField => [i + 1, { i32 }])
  return thriftStruct([
    [1, { i32: type }],
    [2, { i32: size }],
    [3, { i32: size }],
    [field, { struct }],
  ])
}

/** Numbers of a dictionary's values come in blocks of a multiple of this. */
const NUMBERS_BLOCK = 8

/** Returns how many numbers of a dictionary's values are written for so many rows. */
export function numbersOf(present: number): number {
  return Math.ceil(present / NUMBERS_BLOCK) * NUMBERS_BLOCK
}

/** Returns what stands before the numbers of a dictionary's values, of so many bytes each. */
export function numbersHead(present: number, width: number): Buffer {
  const head = [8 * width]
  writeVarint(2 * (numbersOf(present) / NUMBERS_BLOCK) + 1, head)
  return Buffer.from(head)
}

/** Returns how many bytes the bits of so many rows take. */
export function bitBytes(rows: number): number {
  return Math.ceil(rows / 8)
}

/** Returns how many differences are written for so many lengths. */
export function differencesOf(count: number): number {
  return Math.ceil((count - 1) / BLOCK) * BLOCK
}

/** Returns how many bytes a difference takes of lengths up to the longest. */
export function differenceWidth(longest: number): number {
  return longest < 0x80 ? 1 : longest < 0x8000 ? 2 : 4
}

/** Returns what stands before the differences of so many lengths, in Parquet's delta encoding: all are one block. */
export function lengthsHead(count: number, { first, longest, width }: Omit<Lengths, 'at'>): Buffer {
  const head: number[] = []
  const [zigzagFirst, zigzagLeast] = [2 * first, Math.max(0, 2 * longest - 1)]
  const block = count > 1 ? [zigzagLeast, 8 * width] : []
  for (const number of [Math.max(BLOCK, differencesOf(count)), 1, count, zigzagFirst, ...block])
    writeVarint(number, head)
  return Buffer.from(head)
}

/** Returns a page of texts; null is no value. Returns undefined where there is none. */
export function pageOfTexts(rows: number, textOf: (row: number) => string | null): Page | undefined {
  const bits = new Uint8Array(bitBytes(rows))
  const texts: Buffer[] = []
  for (let row = 0; row < rows; row++) {
    const text = textOf(row)
    if (text === null) continue
    bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    texts.push(Buffer.from(text))
  }
  const present = texts.length
  if (present === 0) return undefined
  const sizes = texts.map(({ length }) => length)
  const about = { first: sizes[0] as number, longest: Math.max(...sizes), width: 4 }
  const differences = Buffer.alloc(about.width * differencesOf(present))
  for (let i = 1; i < present; i++) {
    const difference = (sizes[i] as number) - (sizes[i - 1] as number)
    differences.writeUInt32LE(difference + about.longest, about.width * (i - 1))
  }
  const values = Buffer.concat(texts)
  const lengths = Buffer.concat([lengthsHead(present, about), differences])
  const mixed = present < rows ? bits : undefined
  const head = pageHead(rows, present, lengths.length + values.length, DELTA_LENGTHS)
  const before = Buffer.concat([head, mixed ?? Buffer.alloc(0), lengths])
  return {
    bytes: Buffer.concat([before, values]),
    values: before.length,
    lengths: { ...about, at: before.length - differences.length },
    bits: mixed,
    present,
  }
}

/** Returns what finds the values of a page, row by row; undefined is no value. */
export function pageReader(page: Page): (row: number) => readonly [start: number, end: number] | undefined {
  const { bits, lengths } = page
  const next = 'count' in lengths ? dictionaryReader(page, lengths) : valueReader(page, lengths)
  return (row) => (bits && ((bits[row >> 3] as number) & (1 << (row & 7))) === 0 ? undefined : next())
}

function valueReader({ bytes, values }: Page, { at: differences, width, first, longest }: Lengths) {
  const view = viewOf(bytes)
  let [at, length, next] = [values, first, differences]
  return () => {
    const start = at
    at += length
    if (next < values) length += numberAt(view, next, width) - longest
    next += width
    return [start, at] as const
  }
}

function dictionaryReader({ bytes, values }: Page, { at: first, count, width }: Dictionary) {
  const view = viewOf(bytes)
  const found: (readonly [number, number])[] = []
  for (let at = first; found.length < count; ) {
    const start = at + 4
    at = start + view.getUint32(at, true)
    found.push([start, at])
  }
  let next = values - width
  return () => {
    next += width
    return found[numberAt(view, next, width)]
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function numberAt(view: DataView, at: number, width: number): number {
  return width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at, true) : view.getUint32(at, true)
}

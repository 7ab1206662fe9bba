import type { Page } from '../block-columns.ts'
import { thriftStruct, writeVarint } from './thrift.ts'

const [DATA_PAGE, PLAIN, RLE] = [0, 0, 3] as const

/** No page's header with what says which rows have a value, but for their bits, is longer. */
export const LONGEST_HEAD = 64

/** Returns what stands before a page's values; before the bits where some rows have a value and some have none. */
export function pageHead(rows: number, present: number, size: number): Buffer {
  const isMixed = present > 0 && present < rows
  const bits = isMixed ? bitBytes(rows) : 0
  const run: number[] = []
  writeVarint(isMixed ? bits * 2 + 1 : rows * 2, run)
  if (!isMixed) run.push(present > 0 ? 1 : 0)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(run.length + bits)
  const levels = Buffer.concat([length, Buffer.from(run)])
  const all = levels.length + bits + size
  const header = thriftStruct([
    [1, { i32: DATA_PAGE }],
    [2, { i32: all }],
    [3, { i32: all }],
    [
      5,
      {
        struct: [
          [1, { i32: rows }],
          [2, { i32: PLAIN }],
          [3, { i32: RLE }],
          [4, { i32: RLE }],
        ],
      },
    ],
  ])
  return Buffer.concat([header, levels])
}

/** Returns how many bytes the bits of so many rows take. */
export function bitBytes(rows: number): number {
  return Math.ceil(rows / 8)
}

/** Returns a page of texts; null is no value. Returns undefined where there is none. */
export function pageOfTexts(rows: number, textOf: (row: number) => string | null): Page | undefined {
  const bits = new Uint8Array(bitBytes(rows))
  const pieces: Buffer[] = []
  for (let row = 0; row < rows; row++) {
    const text = textOf(row)
    if (text === null) continue
    bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    const length = Buffer.alloc(4)
    const value = Buffer.from(text)
    length.writeUInt32LE(value.length)
    pieces.push(length, value)
  }
  const present = pieces.length / 2
  if (present === 0) return undefined
  const mixed = present < rows ? bits : undefined
  const values = Buffer.concat(pieces)
  const head = Buffer.concat([pageHead(rows, present, values.length), mixed ?? Buffer.alloc(0)])
  return { bytes: Buffer.concat([head, values]), values: head.length, bits: mixed, present }
}

import { isUtf8 } from 'node:buffer'
import type { JsonWriter } from '../transcode/json-writer.ts'

const [QUOTE, TRUE, FALSE, POINT, EXPONENT] = Buffer.from('"tf.e')
/** A text, an object, a list and null begin so. */
const JSON_STARTS: Uint8Array = Buffer.from('"{[n')

/** Tables begin at a multiple of it. */
const UNIT = 16

/** What reads rows by a table in the memory. */
export interface TableReader<T> {
  readonly tableBytes: number
  /** Fills the table for rows that come in the same columns as the one that has begun. */
  makeTable(table: DataView, row: RowNotes): T
}

/**
 * Notes where in the memory the values of some rows stand: for each row and column the place and the length, which is
 * below zero where there is no value.
 */
export class RowNotes {
  /** Bytes between a column's notes of a row and those of the next. */
  readonly stride: number
  private readonly places: Int32Array
  private base = 0
  /** The columns of the row that has begun. */
  private columns: Int32Array = new Int32Array(0)
  /** Room in the memory for tables, the first bytes of which are taken. */
  private readonly tables: DataView
  private taken = 0
  private readonly made = new Map<object, unknown>()

  /** There is room for some rows in `places`, so many of which will come at most. */
  constructor(places: Int32Array, stride: number, rows: number, tables: DataView) {
    this.places = places.fill(-1, 0, rows * (stride >> 2))
    this.stride = stride
    this.tables = tables
  }

  /**
   * Returns what a reader of rows makes once for all that come in the same columns, with room in the memory for a table.
   * Returns undefined where there is no room.
   */
  tableOf<T>({ tableBytes, makeTable }: TableReader<T>): T | undefined {
    const known = this.made.get(makeTable)
    if (known !== undefined || this.made.has(makeTable)) return known as T | undefined
    const { buffer, byteOffset, byteLength } = this.tables
    const table = new Uint8Array(buffer, byteOffset + this.taken, Math.min(tableBytes, byteLength - this.taken)).fill(0)
    const hasRoom = table.length === tableBytes
    if (hasRoom) this.taken += Math.ceil(tableBytes / UNIT) * UNIT
    const made = hasRoom ? makeTable(new DataView(buffer, table.byteOffset, tableBytes), this) : undefined
    this.made.set(makeTable, made)
    return made
  }

  /** Begins a row, whose values come in these columns. */
  begin(row: number, columns: Int32Array): void {
    this.columns = columns
    this.base = row * (this.stride >> 2)
  }

  /** Takes back what was noted of a row. */
  clear(row: number): void {
    const width = this.stride >> 2
    this.places.fill(-1, row * width, (row + 1) * width)
  }

  /** Returns how far behind a row's first note that of one of its columns is. */
  offsetOf(column: number): number {
    return 8 * (this.columns[column] as number)
  }

  /** Notes the value of one of the row's columns. */
  note(column: number, place: number, length: number): void {
    const at = this.base + 2 * (this.columns[column] as number)
    this.places[at] = place
    this.places[at + 1] = length
  }

  /** Notes what was written from a place of the writer on. */
  noteWritten(column: number, to: JsonWriter, start: number): void {
    this.note(column, to.placeOf(start), to.at - start)
  }

  /** Notes a text of JSON that was written from a place of the writer on, without its quotes: it has no escapes. */
  noteUnquoted(column: number, to: JsonWriter, start: number): void {
    this.note(column, to.placeOf(start + 1), to.at - start - 2)
  }

  /** Notes what was written from a place of the writer on: a text without escapes, or a number; in the columns for each. */
  noteScalar([text, word, real]: readonly number[], to: JsonWriter, start: number): void {
    if (to.bytes[start] === QUOTE) this.noteUnquoted(text as number, to, start)
    else this.noteWritten((real === undefined || isInteger(to, start) ? word : real) as number, to, start)
  }

  /** Notes any value of JSON that was written from a place of the writer on. */
  noteJson([json, word, real]: readonly number[], to: JsonWriter, start: number): void {
    const first = to.bytes[start] as number
    if (JSON_STARTS.includes(first)) this.noteWritten(json as number, to, start)
    else
      this.noteWritten((first === TRUE || first === FALSE || isInteger(to, start) ? word : real) as number, to, start)
  }

  /** Leaves only these rows, in their order. */
  keep(rows: readonly number[]): void {
    const width = this.stride >> 2
    for (const [at, row] of rows.entries()) this.places.copyWithin(at * width, row * width, (row + 1) * width)
  }

  /** Adds the rows of which a column's value in the memory is not UTF-8. */
  addBadTexts(column: number, rows: number, memory: Uint8Array, bad: Set<number>): void {
    for (let row = 0; row < rows; row++) {
      const at = row * (this.stride >> 2) + 2 * column
      const [place, length] = [this.places[at] as number, this.places[at + 1] as number]
      if (length > 0 && !isUtf8(memory.subarray(place, place + length))) bad.add(row)
    }
  }

  /** Returns where in the memory the notes of the row that has begun are. */
  notesOfRow(): number {
    return this.places.byteOffset + 4 * this.base
  }

  /** Returns where the notes of a column begin in the memory. */
  notesOf(column: number): number {
    return this.places.byteOffset + 8 * column
  }
}

/** Whether the number that was written from a place on has digits alone: the engine keeps those as they are. */
function isInteger({ bytes, at: end }: JsonWriter, start: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === POINT || bytes[at] === EXPONENT) return false
  return true
}

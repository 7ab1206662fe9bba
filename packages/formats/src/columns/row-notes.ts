import { isUtf8 } from 'node:buffer'
import type { JsonWriter } from '../transcode/json-writer.ts'

const [QUOTE, TRUE, FALSE, POINT, EXPONENT] = Buffer.from('"tf.e')
/** A text, an object, a list and null begin so. */
const JSON_STARTS: Uint8Array = Buffer.from('"{[n')

/**
 * Notes where in the memory the values of some rows stand: for each row and column the place and the length, which is
 * below zero where there is no value.
 */
export class RowNotes {
  /** Bytes between a column's notes of a row and those of the next. */
  readonly stride: number
  private readonly places: Int32Array
  private base = 0
  private columns: Int32Array

  /** There is room for some rows in `places`, so many of which will come at most. */
  constructor(places: Int32Array, stride: number, rows: number) {
    this.places = places.fill(-1, 0, rows * (stride >> 2))
    this.stride = stride
    this.columns = new Int32Array(0)
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

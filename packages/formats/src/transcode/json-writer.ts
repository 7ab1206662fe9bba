import { TEXT_MODULE } from './text-module.ts'
import {
  copyBytes,
  freeMemory,
  functionsOf,
  makeRoom,
  type Program,
  releaseMemory,
  type WorkMemory,
} from './work-memory.ts'

const LONG_TEXT = 48

interface TextFunctions {
  /** Writes the bytes between two places of the memory as a text of JSON, and returns where it ends. */
  text(from: number, end: number, to: number): number
}

/** Writes texts and digits of JSON. */
export const TEXT: Program<TextFunctions> = { base64: TEXT_MODULE }

/** Behind a text up to sixteen bytes are read and written. */
const BEHIND_TEXT = 16

/** Writes JSON as bytes into the memory of a block, which grows: one writer at a time. */
export class JsonWriter {
  bytes: Uint8Array
  view: DataView
  at = 0
  private readonly work: WorkMemory
  private readonly functions: TextFunctions
  /** Where in the memory it begins. */
  private readonly from: number
  /** What the block's messages are seen through, where they are in the memory too. */
  private readonly messages: ArrayBufferLike | undefined

  constructor(size: number) {
    const { work, from, messages } = freeMemory()
    this.messages = messages
    this.work = work
    this.functions = functionsOf(TEXT)
    this.from = from
    makeRoom(work, from + size)
    this.bytes = new Uint8Array(work.memory.buffer, from)
    this.view = new DataView(work.memory.buffer, from)
  }

  /** Makes room for so many more bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    makeRoom(this.work, this.from + this.at + size)
    this.bytes = new Uint8Array(this.work.memory.buffer, this.from)
    this.view = new DataView(this.work.memory.buffer, this.from)
  }

  /** Returns where in the memory something of what was written stands. */
  placeOf(at: number): number {
    return this.from + at
  }

  /** Copies what was written, returns its size, and leaves the memory to the next messages. */
  finishInto(to: Uint8Array): number {
    copyBytes(this.bytes.subarray(0, this.at), to)
    releaseMemory()
    return this.at
  }

  byte(byte: number): void {
    this.reserve(1)
    this.bytes[this.at++] = byte
  }

  /** Copies text that needs no escapes. */
  raw(text: Uint8Array): void {
    const { length } = text
    this.reserve(length)
    const { bytes, at } = this
    // A call of the engine is worth its price for long texts alone.
    if (length > LONG_TEXT) copyBytes(text, bytes, at)
    else for (let i = 0; i < length; i++) bytes[at + i] = text[i] as number
    this.at = at + length
  }

  ascii(text: string): void {
    this.reserve(text.length)
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i)
  }

  integer(value: number): void {
    this.reserve(24)
    if (value < 0 ? value > -1e9 : value < 1e9) this.smallInteger(value | 0)
    else this.ascii(String(value))
  }

  private smallInteger(value: number): void {
    let rest = value
    if (rest < 0) {
      this.bytes[this.at++] = 0x2d
      rest = -rest
    }
    let digits = 1
    for (let bound = 10; bound <= rest; bound *= 10) digits++
    this.digits(rest, digits)
  }

  /** Writes a number with leading zeros; there must be room. */
  digits(value: number, width: number): void {
    let rest = value
    for (let i = this.at + width - 1; i >= this.at; i--) {
      const tenth = (rest / 10) | 0
      this.bytes[i] = 0x30 + rest - tenth * 10
      rest = tenth
    }
    this.at += width
  }

  /** Writes UTF-8 as a text with its quotes. */
  text(from: Uint8Array, start: number, end: number): void {
    const length = end - start
    this.reserve(7 * length + 3 * BEHIND_TEXT)
    const to = this.from + this.at
    if (from.buffer === this.messages) {
      this.at = this.functions.text(from.byteOffset + start, from.byteOffset + end, to) - this.from
      return
    }
    // Bytes from elsewhere are put where the text can't come to.
    const aside = this.at + 6 * length + 2 * BEHIND_TEXT
    copyBytes(from.subarray(start, end), this.bytes, aside)
    this.at = this.functions.text(this.from + aside, this.from + aside + length, to) - this.from
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const HEX = Buffer.from('0123456789abcdef')
/** Short escapes of control characters. */
const SHORT: Readonly<Record<number, number>> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 }

const LONG_TEXT = 48

/** Writes JSON as bytes into one buffer, which grows. */
export class JsonWriter {
  bytes: Uint8Array
  view: DataView
  at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for so many more bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.at + size, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
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
    if (length > LONG_TEXT) bytes.set(text, at)
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

  /** Writes UTF-8 as a text with its quotes: eight bytes at a time while none needs an escape. */
  text(from: Uint8Array, view: DataView, start: number, end: number): void {
    this.reserve(6 * (end - start) + 2)
    const { bytes, view: out } = this
    let at = this.at
    let i = start
    bytes[at++] = QUOTE
    for (; i + 8 <= end; i += 8) {
      const one = view.getInt32(i, true)
      const two = view.getInt32(i + 4, true)
      if ((needsEscape(one) | needsEscape(two)) !== 0) at = this.escaped(from, i, i + 8, at)
      else {
        out.setInt32(at, one, true)
        out.setInt32(at + 4, two, true)
        at += 8
      }
    }
    if (i < end) at = this.escaped(from, i, end, at)
    bytes[at++] = QUOTE
    this.at = at
  }

  private escaped(from: Uint8Array, start: number, end: number, to: number): number {
    const { bytes } = this
    let at = to
    for (let i = start; i < end; i++) {
      const byte = from[i] as number
      if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH
      if (byte >= 0x20) bytes[at++] = byte
      else at = this.control(byte, at)
    }
    return at
  }

  private control(byte: number, to: number): number {
    const { bytes } = this
    bytes[to] = BACKSLASH
    const short = SHORT[byte]
    if (short !== undefined) {
      bytes[to + 1] = short
      return to + 2
    }
    bytes[to + 1] = 0x75
    bytes[to + 2] = 0x30
    bytes[to + 3] = 0x30
    bytes[to + 4] = HEX[byte >> 4] as number
    bytes[to + 5] = HEX[byte & 15] as number
    return to + 6
  }
}

/** Returns 0 where none of a word's four bytes is a control character, a quote or a backslash; those over 0x7f are none. */
function needsEscape(word: number): number {
  const quote = word ^ 0x22222222
  const backslash = word ^ 0x5c5c5c5c
  return ((word - 0x20202020) | (quote - 0x01010101) | (backslash - 0x01010101)) & ~word & 0x80808080
}

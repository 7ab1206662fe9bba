import { Undecodable } from '../transcode/undecodable.ts'

export const [VARINT, FIXED64, DELIMITED, GROUP, FIXED32] = [0, 1, 2, 3, 5] as const
const GROUP_END = 4

/** Nested deeper than a parser of Protobuf goes. */
const DEEPEST = 100
const ROOM = 1024

/** Reads Protobuf's wire format. Whoever gives an end never reads past it. */
export class WireReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0
  depth = 0
  /** Where the JSON of the message may end at most: submessages without bytes would multiply it. */
  limit = 0
  /** The halves of the last number of a varint. */
  low = 0
  high = 0
  /** Where the fields of the messages that are being read were found; messages within one another are a stack. */
  found = new Int32Array(ROOM)
  top = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Enters a message of so many fields; returns where in `found` it has two places for each. */
  enter(fields: number): number {
    if (++this.depth > DEEPEST) throw new Undecodable(`it is nested deeper than ${DEEPEST} messages`)
    const base = this.top
    this.top += 2 * fields
    if (this.top > this.found.length) {
      const grown = new Int32Array(2 * this.top)
      grown.set(this.found)
      this.found = grown
    }
    for (let i = base; i < this.top; i++) this.found[i] = 0
    return base
  }

  leave(base: number): void {
    this.depth--
    this.top = base
  }

  /** Reads a varint into `low` and `high`. */
  varint(end: number): void {
    const { bytes } = this
    let byte = this.byte(end)
    let low = byte & 0x7f
    let high = 0
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw new Undecodable('a number has more than 64 bits')
      byte = this.at < end ? (bytes[this.at++] as number) : this.byte(end)
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
    }
    this.low = low >>> 0
    this.high = high | 0
  }

  private byte(end: number): number {
    if (this.at >= end) throw new Undecodable('it ends within a value')
    return this.bytes[this.at++] as number
  }

  /** Reads the tag of a field: eight times its number, and how its value is written. */
  tag(end: number): number {
    const first = this.bytes[this.at] as number
    if (this.at < end && first < 0x80 && first >= 8) {
      this.at++
      return first
    }
    this.varint(end)
    if (this.high !== 0 || this.low < 8) throw new Undecodable('a field has a number that no field can have')
    return this.low
  }

  /** Reads a length of bytes that are there; returns where they end. */
  delimited(end: number): number {
    const first = this.bytes[this.at] as number
    let length = first
    if (this.at < end && first < 0x80) this.at++
    else {
      this.varint(end)
      length = this.high === 0 ? this.low : Number.POSITIVE_INFINITY
    }
    if (length > end - this.at) throw new Undecodable('it ends within a value')
    return this.at + length
  }

  /** Skips the value behind a tag. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case VARINT:
        if (this.at < end && (this.bytes[this.at] as number) < 0x80) this.at++
        else this.varint(end)
        return
      case FIXED64:
        this.skipBytes(8, end)
        return
      case DELIMITED:
        this.at = this.delimited(end)
        return
      case FIXED32:
        this.skipBytes(4, end)
        return
      case GROUP:
        this.skipGroup(tag, end)
        return
      default:
        throw new Undecodable('a field is written as nothing that Protobuf has')
    }
  }

  /** Skips a group whose tag has been read; returns where its last field ends. */
  skipGroup(tag: number, end: number): number {
    if (++this.depth > DEEPEST) throw new Undecodable(`it is nested deeper than ${DEEPEST} messages`)
    for (;;) {
      const last = this.at
      const next = this.tag(end)
      if ((next & 7) !== GROUP_END) this.skip(next, end)
      else if (next >>> 3 === tag >>> 3) {
        this.depth--
        return last
      } else throw new Undecodable('a group ends that has not begun')
    }
  }

  private skipBytes(length: number, end: number): void {
    if (length > end - this.at) throw new Undecodable('it ends within a value')
    this.at += length
  }
}

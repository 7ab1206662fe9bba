import { Undecodable } from '../transcode/undecodable.ts'

/** Reads Avro's binary encoding. It never reads past `end`. */
export class AvroReader {
  bytes: Uint8Array = new Uint8Array(0)
  view = new DataView(this.bytes.buffer)
  at = 0
  end = 0
  /** Items of arrays and maps that may still come: items without bytes would multiply a message. */
  items = 0
  depth = 0
  /** The halves of the last 64-bit number. */
  low = 0
  high = 0

  /** Turns to other bytes, of one message or many. */
  open(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Begins a message of the bytes. */
  begin(start: number, end: number): void {
    this.at = start
    this.end = end
    this.items = end - start
    this.depth = 0
  }

  byte(): number {
    if (this.at >= this.end) throw new Undecodable('it ends within a value')
    return this.bytes[this.at++] as number
  }

  /** Skips so many bytes, and returns where they begin. */
  skip(length: number): number {
    const from = this.at
    if (length > this.end - from) throw new Undecodable('it ends within a value')
    this.at = from + length
    return from
  }

  /** Reads a number of up to 64 bits into `low` and `high`. */
  long(): void {
    let low = 0
    let high = 0
    let byte = this.byte()
    low = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw new Undecodable('a number has more than 64 bits')
      byte = this.byte()
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
    }
    // Zigzag: the lowest bit is the sign.
    const sign = -(low & 1)
    this.low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0
    this.high = ((high >>> 1) ^ sign) | 0
  }

  int(): number {
    const first = this.bytes[this.at] as number
    if (this.at < this.end && first < 0x80) {
      this.at++
      return (first >>> 1) ^ -(first & 1)
    }
    this.long()
    const value = this.low | 0
    if (this.high !== value >> 31) throw new Undecodable('an int has more than 32 bits')
    return value
  }

  /** Reads how many bytes follow, of which there are as many. */
  length(): number {
    const length = this.int()
    if (length < 0) throw new Undecodable('a length is negative')
    return length
  }

  /** Reads how many items a block of an array or a map has; 0 ends it. */
  blockCount(): number {
    this.long()
    let count = this.high * 2 ** 32 + this.low
    if (count < 0) {
      count = -count
      // The size in bytes is for those who skip the block.
      this.long()
    }
    this.items -= count
    if (this.items < 0) throw new Undecodable('it has more items than bytes')
    return count
  }
}

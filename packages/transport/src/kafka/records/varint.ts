/** The read position, passed along so that reading a number allocates nothing. */
export interface Cursor {
  at: number
}

/**
 * Reads an unsigned number of up to 32 bits. Past the end it reads zeros: the caller checks `at` against the bounds.
 */
export function readUnsigned(bytes: Uint8Array, cursor: Cursor): number {
  let value = 0
  let shift = 0
  let byte: number
  do {
    byte = bytes[cursor.at++] as number
    value |= (byte & 0x7f) << shift
    shift += 7
  } while (byte & 0x80 && shift < 35)
  return value >>> 0
}

/** Zigzag, up to 32 bits. */
export function readSigned(bytes: Uint8Array, cursor: Cursor): number {
  const value = readUnsigned(bytes, cursor)
  return (value >>> 1) ^ -(value & 1)
}

const LOW_BITS = 28
const HIGH_BYTES = 6

/** Zigzag, up to 64 bits, as a number: exact up to 2^53. */
export function readSignedLong(bytes: Uint8Array, cursor: Cursor): number {
  let low = 0
  let shift = 0
  let byte: number
  do {
    byte = bytes[cursor.at++] as number
    low |= (byte & 0x7f) << shift
    shift += 7
  } while (byte & 0x80 && shift < LOW_BITS)
  if (!(byte & 0x80)) return (low >>> 1) ^ -(low & 1)
  let high = 0
  for (let i = 0; byte & 0x80 && i < HIGH_BYTES; i++) {
    byte = bytes[cursor.at++] as number
    high += (byte & 0x7f) * 2 ** (7 * i)
  }
  const magnitude = high * 2 ** (LOW_BITS - 1) + (low >>> 1)
  return low & 1 ? -magnitude - 1 : magnitude
}

/** Writes without a sign and answers where it ends. */
export function writeUnsigned(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  let end = at
  while (rest >= 0x80) {
    bytes[end++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[end++] = rest
  return end
}

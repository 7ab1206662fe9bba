/** Reads numbers and texts out of an event, one after another. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
}

export function unsigned(from: Cursor, size: number): number {
  const value = size === 0 ? 0 : from.bytes.readUIntLE(from.at, size)
  from.at += size
  return value
}

export function bigEndian(from: Cursor, size: number): number {
  const value = size === 0 ? 0 : from.bytes.readUIntBE(from.at, size)
  from.at += size
  return value
}

/** Reads a number that takes as many bytes as it needs. */
export function packed(from: Cursor): number {
  const first = unsigned(from, 1)
  if (first < 0xfb) return first
  if (first === 0xfc) return unsigned(from, 2)
  if (first === 0xfd) return unsigned(from, 3)
  const value = Number(from.bytes.readBigUInt64LE(from.at))
  from.at += 8
  return value
}

export function take(from: Cursor, size: number): Buffer {
  const end = from.at + size
  if (end > from.bytes.length) throw new RangeError('an event ends before its values do')
  const taken = from.bytes.subarray(from.at, end)
  from.at = end
  return taken
}

/** Whether a bit is set; `first` is that of the lowest value or of the highest. */
export function isSet(bits: Uint8Array, at: number, first: 'low' | 'high' = 'low'): boolean {
  const byte = bits[at >> 3] ?? 0
  return (byte & (first === 'low' ? 1 << (at & 7) : 0x80 >> (at & 7))) !== 0
}

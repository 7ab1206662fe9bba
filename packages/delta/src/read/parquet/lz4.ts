/** The least length of a repetition. */
const LEAST_MATCH = 4
/** A length of four bits that goes on in the bytes after it. */
const GOES_ON = 15

/** Decompresses an LZ4 block, as Parquet's codec LZ4_RAW has them. */
export function lz4Block(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let [at, end] = [0, 0]
  const lengthFrom = (short: number) => {
    if (short < GOES_ON) return short
    let sum = short
    for (let byte = 255; byte === 255; sum += byte) byte = bytes[at++] ?? 0
    return sum
  }
  while (at < bytes.length) {
    const token = bytes[at++] as number
    const literals = lengthFrom(token >> 4)
    if (at + literals > bytes.length) throw new Error('LZ4: it is cut off')
    out.set(bytes.subarray(at, at + literals), end)
    at += literals
    end += literals
    if (at >= bytes.length) break
    const distance = (bytes[at] as number) | ((bytes[at + 1] ?? 0) << 8)
    at += 2
    const from = end - distance
    const until = end + lengthFrom(token & GOES_ON) + LEAST_MATCH
    if (distance === 0 || from < 0 || until > length) throw new Error('LZ4: a repetition of what is not there')
    // A repetition may reach into what it writes.
    for (let source = from; end < until; ) out[end++] = out[source++] as number
  }
  if (end !== length) throw new Error(`LZ4: ${end} bytes in place of ${length}`)
  return out
}

/** Before each block of Hadoop's frames: its length when it is open, and as it is, big-endian. */
const FRAME_BYTES = 8

/** Decompresses what Parquet's codec LZ4 has, which are blocks in Hadoop's frames. */
export function lz4Frames(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Uint8Array(length)
  let end = 0
  for (let at = 0; at < bytes.length; ) {
    const open = view.getUint32(at)
    const packed = view.getUint32(at + 4)
    at += FRAME_BYTES
    if (packed > bytes.length - at) throw new Error('LZ4: it is cut off')
    if (open > length - end) throw new Error(`LZ4: more than ${length} bytes`)
    out.set(lz4Block(bytes.subarray(at, at + packed), open), end)
    at += packed
    end += open
  }
  if (end !== length) throw new Error(`LZ4: ${end} bytes in place of ${length}`)
  return out
}

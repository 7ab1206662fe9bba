/** The least length of a repetition. */
const LEAST_MATCH = 4
/** A length of four bits that goes on in the bytes after it. */
const GOES_ON = 15

/** Decompresses an LZ4 block, as Parquet's codec LZ4_RAW has them. */
export function lz4Block(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  const end = unpackBlock(bytes, out)
  if (end !== length) throw new Error(`LZ4: ${end} bytes in place of ${length}`)
  return out
}

/** Decompresses a block to the beginning of `out`, and returns how many bytes it has there. */
function unpackBlock(bytes: Uint8Array, out: Uint8Array): number {
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
    if (end + literals > out.length) throw new Error(`LZ4: more than ${out.length} bytes`)
    out.set(bytes.subarray(at, at + literals), end)
    at += literals
    end += literals
    if (at >= bytes.length) break
    const distance = (bytes[at] as number) | ((bytes[at + 1] ?? 0) << 8)
    at += 2
    const from = end - distance
    const until = end + lengthFrom(token & GOES_ON) + LEAST_MATCH
    if (distance === 0 || from < 0 || until > out.length) throw new Error('LZ4: a repetition of what is not there')
    // A repetition may reach into what it writes.
    for (let source = from; end < until; ) out[end++] = out[source++] as number
  }
  return end
}

/** A length in Hadoop's frames, big-endian. */
const LENGTH_BYTES = 4

/**
 * Decompresses what Parquet's codec LZ4 has: Hadoop's frames. Each says how many bytes it holds, and has them in one block or
 * in several, each behind its own length.
 */
export function lz4Frames(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Uint8Array(length)
  let [at, end] = [0, 0]
  const lengthHere = () => {
    at += LENGTH_BYTES
    return view.getUint32(at - LENGTH_BYTES)
  }
  while (at < bytes.length) {
    const until = end + lengthHere()
    if (until > length) throw new Error(`LZ4: more than ${length} bytes`)
    while (end < until) {
      const packed = lengthHere()
      if (packed === 0 || packed > bytes.length - at) throw new Error('LZ4: it is cut off')
      end += unpackBlock(bytes.subarray(at, at + packed), out.subarray(end, until))
      at += packed
    }
  }
  if (end !== length) throw new Error(`LZ4: ${end} bytes in place of ${length}`)
  return out
}

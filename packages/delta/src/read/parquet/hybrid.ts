/**
 * Fills `out` with numbers of so many bits, as Parquet writes levels and words of a dictionary: runs of one number, and eight
 * packed numbers at a time. A run that claims more than there is room for ends with the room.
 */
export function readHybrid(bytes: Uint8Array, width: number, out: Uint8Array | Uint32Array): void {
  if (width > 32) throw new Error('numbers of more than 32 bits')
  const modulus = 2 ** width
  let [at, seen] = [0, 0]
  const byte = () => {
    if (at >= bytes.length) throw new Error('levels or words are cut off')
    return bytes[at++] as number
  }
  const header = () => {
    let sum = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const next = byte()
      sum += (next & 0x7f) * scale
      if (next < 0x80) return sum
    }
    throw new Error('a length of levels or words is none')
  }
  const fillRun = (count: number) => {
    let value = 0
    for (let bits = 0; bits < width; bits += 8) value += byte() * 2 ** bits
    const until = Math.min(out.length, seen + count)
    out.fill(value, seen, until)
    seen = until
  }
  const unpack = (count: number) => {
    const until = Math.min(out.length, seen + count)
    let [left, bits] = [0, 0]
    while (seen < until) {
      for (; bits < width; bits += 8) left += byte() * 2 ** bits
      out[seen++] = left % modulus
      left = Math.floor(left / modulus)
      bits -= width
    }
  }
  while (seen < out.length) {
    const what = header()
    if (what % 2 === 0) fillRun(what / 2)
    else unpack(((what - 1) / 2) * 8)
  }
}

/** Lengths of a literal up to this one stand in its tag. */
const LONGEST_SHORT = 60

/** Decompresses a Snappy block. Throws for any other bytes. */
export function snappyBlock(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let [at, end] = [0, 0]
  const number = (size: number) => {
    if (at + size > bytes.length) throw new Error('Snappy: it is cut off')
    let sum = 0
    for (let i = 0; i < size; i++) sum += (bytes[at++] as number) * 2 ** (8 * i)
    return sum
  }
  const copyLiteral = (size: number) => {
    if (at + size > bytes.length || end + size > length) throw new Error('Snappy: a text is cut off, or too long')
    out.set(bytes.subarray(at, at + size), end)
    at += size
    end += size
  }
  const repeat = (distance: number, size: number) => {
    if (distance === 0 || distance > end || end + size > length)
      throw new Error('Snappy: a repetition of what is not there')
    // A repetition may reach into what it writes.
    for (const until = end + size; end < until; end++) out[end] = out[end - distance] as number
  }
  // The length, which the page says too.
  while (number(1) >= 0x80);
  while (at < bytes.length) {
    const tag = number(1)
    const [kind, upper] = [tag & 3, tag >> 2]
    if (kind === 0) copyLiteral((upper < LONGEST_SHORT ? upper : number(upper - LONGEST_SHORT + 1)) + 1)
    else if (kind === 1) repeat((tag >> 5) * 256 + number(1), (upper & 7) + 4)
    else repeat(number(kind === 2 ? 2 : 4), upper + 1)
  }
  if (end !== length) throw new Error(`Snappy: ${end} bytes in place of ${length}`)
  return out
}

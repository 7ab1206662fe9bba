/**
 * Reads numbers of so many bits, as Parquet writes levels and words of a dictionary: runs of one number, and eight packed
 * numbers at a time. `take` gets a number and how often it comes. A run that claims more than `count` ends with it.
 */
export function readHybrid(
  bytes: Uint8Array,
  width: number,
  count: number,
  take: (number: number, times: number) => void,
): void {
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
  const takeRun = (claimed: number) => {
    let value = 0
    for (let bits = 0; bits < width; bits += 8) value += byte() * 2 ** bits
    const times = Math.min(claimed, count - seen)
    take(value, times)
    seen += times
  }
  const unpack = (claimed: number) => {
    const until = Math.min(count, seen + claimed)
    let [left, bits] = [0, 0]
    for (; seen < until; seen++) {
      for (; bits < width; bits += 8) left += byte() * 2 ** bits
      take(left % modulus, 1)
      left = Math.floor(left / modulus)
      bits -= width
    }
  }
  while (seen < count) {
    const what = header()
    if (what % 2 === 0) takeRun(what / 2)
    else unpack(((what - 1) / 2) * 8)
  }
}

/** One level after another, as runs of equal ones: a checkpoint's columns are empty over thousands of rows. */
export interface Levels {
  readonly values: readonly number[]
  /** The place after each run. */
  readonly ends: readonly number[]
}

export function readLevels(bytes: Uint8Array, width: number, count: number): Levels {
  const [values, ends]: [number[], number[]] = [[], []]
  let end = 0
  readHybrid(bytes, width, count, (value, times) => {
    end += times
    if (values.length > 0 && values.at(-1) === value) ends[ends.length - 1] = end
    else {
      values.push(value)
      ends.push(end)
    }
  })
  return { values, ends }
}

/** The same level so many times. */
export function oneLevel(value: number, count: number): Levels {
  return count === 0 ? { values: [], ends: [] } : { values: [value], ends: [count] }
}

/** Types of MariaDB whose values are texts, and are bytes in the log. */
export type StoredText = keyof typeof WRITERS

const WRITERS = { uuid, inet4: (bytes: Buffer) => bytes.join('.'), inet6 }

export const isStoredText = (type: string): type is StoredText => Object.hasOwn(WRITERS, type)

/** Returns the text that MariaDB writes for a value. */
export function storedText(type: StoredText, bytes: Buffer): string {
  return WRITERS[type](bytes)
}

/** A UUID of the versions 1 to 5 is stored with its parts from the last to the first, so that those of a time are neighbours. */
function uuid(bytes: Buffer): string {
  const [variant = 0, version = 0] = [bytes[6], bytes[8]]
  const isTurned = (variant & -version & 0x80) !== 0
  const ends = isTurned ? [16, 12, 10, 8, 6, 0] : [0, 4, 6, 8, 10, 16]
  return ends
    .slice(1)
    .map((end, i) => bytes.toString('hex', Math.min(ends[i] as number, end), Math.max(ends[i] as number, end)))
    .join('-')
}

function inet6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2))
  const zeros = longestZeros(words)
  const isVersion4 = zeros.start === 0 && (zeros.length === 6 || (zeros.length === 5 && words[5] === 0xffff))
  const said = words.map((word) => word.toString(16))
  if (isVersion4) said.splice(6, 2, bytes.subarray(12).join('.'))
  if (zeros.length === 0) return said.join(':')
  return `${said.slice(0, zeros.start).join(':')}::${said.slice(zeros.start + zeros.length).join(':')}`
}

function longestZeros(words: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < words.length; start++) {
    let length = 0
    while (words[start + length] === 0) length++
    if (length > longest.length) longest = { start, length }
  }
  return longest
}

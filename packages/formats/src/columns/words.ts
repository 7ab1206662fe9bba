const WORDS = Buffer.from('true\0false0')
export const WORDS_BYTES = WORDS.length

/** Where the words are, from where they begin: places and lengths. */
export const [FALSE, ZERO] = [
  { at: 5, length: 5 },
  { at: 10, length: 1 },
] as const

/** Writes words of JSON at a place of a table; returns where in the memory they are. */
export function writeWords({ buffer, byteOffset }: DataView, at: number): number {
  new Uint8Array(buffer, byteOffset + at, WORDS.length).set(WORDS)
  return byteOffset + at
}

/** Writes whole numbers at a place of a table, of four bytes each. */
export function writeNumbers(table: DataView, at: number, numbers: readonly number[]): void {
  for (const [i, number] of numbers.entries()) table.setInt32(at + 4 * i, number, true)
}

/** The digits of a whole number of 64 bits and its sign take no more. */
export const LONGEST_NUMBER = 20

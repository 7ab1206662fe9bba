/** A bit for each row of a file, in the order of DuckDB's BIT: the first row is the highest bit of the first byte. */
export interface RowBits {
  set(row: number): void
  /** The greatest row that is set; -1 where none is. */
  readonly last: number
  /** Up to the last row that is set. */
  bytes(): Buffer
}

const FIRST_BYTES = 1 << 10

/** Grows with the rows that are set. Throws RangeError for a row of `end` or above. */
export function rowBits(end: number): RowBits {
  let [bits, last] = [Buffer.alloc(FIRST_BYTES), -1]
  return {
    set(row) {
      if (row >= end) throw new RangeError(`row ${row} of a file of ${end} rows`)
      const at = row >> 3
      if (at >= bits.length) {
        const larger = Buffer.alloc(Math.max(at + 1, 2 * bits.length))
        larger.set(bits)
        bits = larger
      }
      bits[at] = (bits[at] ?? 0) | (0x80 >> (row & 7))
      if (row > last) last = row
    },
    get last() {
      return last
    },
    bytes: () => bits.subarray(0, (last >> 3) + 1),
  }
}

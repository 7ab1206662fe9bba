/** How many rows are read by a statement. */
export const CHUNK_ROWS = 5_000

interface KeyColumn {
  readonly isInteger: boolean
}

/** Added to a key, so that a place counts from 0: keys of two to the power of 61 and more are not told by it. */
const SHIFT = 1n << 61n

const isPlain = (key: readonly KeyColumn[]) => key.length === 1 && key[0]?.isInteger === true

/** Returns the key that stands in a place: one whole number does, so that reading goes on behind it in another process too. */
export function keyAtPlace(key: readonly KeyColumn[], next: bigint): string[] | undefined {
  return isPlain(key) && next > 0n ? [String(next - SHIFT - 1n)] : undefined
}

/** Returns the place behind a row; other keys are counted. */
export function placeBehind(key: readonly KeyColumn[], last: readonly string[], before: bigint): bigint {
  return isPlain(key) ? BigInt(last[0] ?? 0) + SHIFT + 1n : before + 1n
}

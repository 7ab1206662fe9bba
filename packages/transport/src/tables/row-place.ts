/** How many rows are read by a statement. */
export const CHUNK_ROWS = 5_000

interface KeyColumn {
  readonly isInteger: boolean
}

/** Added to a key, so that places are not negative. Keys of 2^61 and more cannot be represented. */
const SHIFT = 1n << 61n

const isPlain = (key: readonly KeyColumn[]) => key.length === 1 && key[0]?.isInteger === true

/** Returns the key that a place encodes. Only a single integer key can be encoded: another process can then continue after it. */
export function keyAtPlace(key: readonly KeyColumn[], next: bigint): string[] | undefined {
  return isPlain(key) && next > 0n ? [String(next - SHIFT - 1n)] : undefined
}

/** Returns the place behind a row; other keys are counted. */
export function placeBehind(key: readonly KeyColumn[], last: readonly string[], before: bigint): bigint {
  return isPlain(key) ? BigInt(last[0] ?? 0) + SHIFT + 1n : before + 1n
}

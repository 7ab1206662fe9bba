/** Compares positions as the ledger writes them; a part that is missing is 0. */
export function comparePositions(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const difference = BigInt(part) - BigInt(b[i] ?? 0)
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  return 0
}

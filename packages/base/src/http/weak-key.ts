const SHORTEST = 20
const FEWEST_DIFFERENT = 10

/** Says why a key could be guessed; undefined for a good one. */
export function weaknessOf(key: string): string | undefined {
  if (key.length < SHORTEST) return `it has ${key.length} characters, fewer than ${SHORTEST}`
  const different = new Set(key).size
  if (different < FEWEST_DIFFERENT) return `it has ${different} different characters, fewer than ${FEWEST_DIFFERENT}`
  return undefined
}

/** An expected row and the one that came in its place; one of them is missing where there is no other. */
export interface Pair<E, G> {
  readonly expected?: E
  readonly got?: G
}

/** Above this many pairs to look at, rows are paired by their order alone. */
const MOST_CELLS = 4_000_000

/**
 * Pairs two lists of rows in order: those that are alike first, then what is left between them, so that a row that is
 * missing does not make all later ones differ.
 */
export function pairRows<E, G>(
  expected: readonly E[],
  got: readonly G[],
  isAlike: (expected: E, got: G) => boolean,
): Pair<E, G>[] {
  const pairs: Pair<E, G>[] = []
  let [e, g] = [0, 0]
  const matches = expected.length * got.length > MOST_CELLS ? [] : longestMatch(expected, got, isAlike)
  for (const [nextE, nextG] of [...matches, [expected.length, got.length] as const]) {
    const [between, came] = [expected.slice(e, nextE), got.slice(g, nextG)]
    for (let i = 0; i < Math.max(between.length, came.length); i++) {
      pairs.push({
        ...(i < between.length && { expected: between[i] }),
        ...(i < came.length && { got: came[i] }),
      } as Pair<E, G>)
    }
    if (nextE < expected.length) pairs.push({ expected: expected[nextE], got: got[nextG] } as Pair<E, G>)
    ;[e, g] = [nextE + 1, nextG + 1]
  }
  return pairs
}

/** Returns the indexes of a longest common subsequence. */
function longestMatch<E, G>(
  expected: readonly E[],
  got: readonly G[],
  isAlike: (expected: E, got: G) => boolean,
): (readonly [number, number])[] {
  const width = got.length + 1
  const lengths = new Uint32Array((expected.length + 1) * width)
  const at = (e: number, g: number) => lengths[e * width + g] ?? 0
  const alike = expected.map((one) => got.map((other) => isAlike(one, other)))
  for (let e = expected.length - 1; e >= 0; e--) {
    for (let g = got.length - 1; g >= 0; g--) {
      lengths[e * width + g] = alike[e]?.[g] ? at(e + 1, g + 1) + 1 : Math.max(at(e + 1, g), at(e, g + 1))
    }
  }
  const found: (readonly [number, number])[] = []
  for (let [e, g] = [0, 0]; e < expected.length && g < got.length; ) {
    if (alike[e]?.[g]) found.push([e++, g++])
    else if (at(e + 1, g) >= at(e, g + 1)) e++
    else g++
  }
  return found
}

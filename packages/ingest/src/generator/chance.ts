/** State of a small fast pseudo-random number generator. The same seed gives the same numbers. */
export interface Chance {
  state: number
}

/** Seeds a generator for one purpose and index, independent of all other purposes and indices. */
export function chanceOf(seed: number, purpose: number, index: number): Chance {
  return { state: scattered(index ^ scattered(Math.imul(seed, 0x9e3779b1) + purpose)) }
}

/** Mixes 32 bits one to one with the last step of MurmurHash3. */
function scattered(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

/** Draws 32 random bits. */
export function bits(chance: Chance): number {
  const state = (chance.state + 0x6d2b79f5) | 0
  chance.state = state
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return (mixed ^ (mixed >>> 14)) >>> 0
}

/** Draws a number in [0, 1). */
export function fraction(chance: Chance): number {
  return bits(chance) / 2 ** 32
}

/** Draws a whole number in [from, to]. */
export function between(chance: Chance, from: number, to: number): number {
  return from + Math.floor(fraction(chance) * (to - from + 1))
}

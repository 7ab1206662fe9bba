/** A small fast generator of pseudo-random numbers: the same seed gives the same ones. */
export interface Chance {
  /** In [0, 1). */
  fraction(): number
  /** Whole, in [from, to]. */
  between(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  hex(digits: number): string
}

export function chanceOf(seed: number, stream: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const fraction = () => next() / 2 ** 32
  return {
    fraction,
    between: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    pick: (list) => list[Math.floor(fraction() * list.length)] as (typeof list)[number],
    hex(digits) {
      let text = ''
      while (text.length < digits) text += next().toString(16).padStart(8, '0')
      return text.slice(0, digits)
    },
  }
}

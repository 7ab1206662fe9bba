import type { Waited } from './tables.ts'

export interface Lateness {
  readonly mostSeconds: number
  readonly p99Seconds: number
}

/** Returns how long messages waited: the one that waited longest, and the one that 99 of 100 were before. */
export function latenessOf(waited: readonly Waited[]): Lateness {
  const longestFirst = waited.toSorted((a, b) => b.ms - a.ms)
  let left = waited.reduce((sum, { messages }) => sum + messages, 0) / 100
  const p99 = longestFirst.find(({ messages }) => {
    left -= messages
    return left < 0
  })
  return { mostSeconds: (longestFirst[0]?.ms ?? 0) / 1000, p99Seconds: (p99?.ms ?? 0) / 1000 }
}

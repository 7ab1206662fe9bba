import { type JoinedValues, valueAt } from '@millrace/base'

/** How often fields came that the data set does not know, among the records looked at. */
export interface UnknownFields {
  readonly looked: number
  readonly names: ReadonlyMap<string, number>
}

/** A producer may make up a name for each record: no more of them are kept. */
export const MOST_UNKNOWN_NAMES = 100

const SAMPLE_PER_BLOCK = 4

/** Looks at a few records of each block, spread over it: the fast path never sees a field that it does not ask for. */
export function sampleUnknownFields(blocks: readonly JoinedValues[], known: ReadonlySet<string>): UnknownFields {
  const names = new Map<string, number>()
  let looked = 0
  for (const block of blocks) {
    const step = Math.max(1, Math.ceil(block.count / SAMPLE_PER_BLOCK))
    for (let i = 0; i < block.count; i += step) {
      looked++
      for (const name of keysOf(valueAt(block, i))) {
        if (!known.has(name) && (names.has(name) || names.size < MOST_UNKNOWN_NAMES))
          names.set(name, (names.get(name) ?? 0) + 1)
      }
    }
  }
  return { looked, names }
}

function keysOf(value: Uint8Array | null): string[] {
  try {
    return Object.keys(JSON.parse(Buffer.from(value ?? []).toString('utf8')))
  } catch {
    // What DuckDB reads and JavaScript does not (a trailing comma, NaN) is rare enough for a sample.
    return []
  }
}

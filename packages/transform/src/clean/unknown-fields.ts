import { refuseBomb } from '@millrace/base'
import type { Dataset } from '../dataset/dataset.ts'
import { type Selection, valueIn } from './files/selection.ts'
import { knownNames } from './sql/queries.ts'

/** Fields that the data set does not know, and in how many of the records looked at they were. */
export interface UnknownFields {
  readonly looked: number
  readonly names: ReadonlyMap<string, number>
}

/** A producer may make up a name for each record: no more of them are kept. */
export const MOST_UNKNOWN_NAMES = 100

const SAMPLE = 64

/** Looks at a few records, spread over all: the fast reader never sees a field that it does not ask for. */
export function sampleUnknownFields(records: Selection, dataset: Dataset): UnknownFields {
  const fields = new Set(knownNames(dataset))
  const isKnown = (name: string) => fields.has(name) || isOwnMember(dataset, name)
  const names = new Map<string, number>()
  const step = Math.max(1, Math.ceil(records.length / SAMPLE))
  let looked = 0
  for (let at = 0; at < records.length; at += step) {
    looked++
    for (const name of keysOf(valueIn(records, at))) if (!isKnown(name)) names.set(name, (names.get(name) ?? 0) + 1)
  }
  return { looked, names }
}

export function isOwnMember({ format }: Dataset, name: string): boolean {
  return format.isOwnMember?.(name) ?? false
}

function keysOf(value: Uint8Array | null): string[] {
  try {
    const text = Buffer.from(value ?? []).toString('utf8')
    refuseBomb(text)
    return Object.keys(JSON.parse(text))
  } catch {
    // What DuckDB reads and JavaScript does not (a trailing comma, NaN) is rare enough for a sample.
    return []
  }
}

/** Adds two counts up and keeps the most frequent names. */
export function addUnknownFields(
  { looked, names }: UnknownFields,
  more: ReadonlyMap<string, number>,
  moreLooked: number,
): UnknownFields {
  const sum = new Map(names)
  for (const [name, count] of more) sum.set(name, (sum.get(name) ?? 0) + count)
  const frequent = [...sum].sort(([, a], [, b]) => b - a).slice(0, MOST_UNKNOWN_NAMES)
  return { looked: looked + moreLooked, names: new Map(frequent) }
}

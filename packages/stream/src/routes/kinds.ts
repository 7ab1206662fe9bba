import { MillraceError, refuseBomb, valueAt } from '@millrace/base'
import type { Dataset } from '@millrace/transform'
import type { Block } from '@millrace/transport'

/** The kinds of records in a shared topic, as one of the data sets sees them. */
export interface Kinds {
  /** What distinguishes them: the message's key, or a top-level field of the record. */
  readonly by: 'key' | { readonly field: string }
  /** The kinds of this data set. */
  readonly mine: ReadonlySet<string>
  /** The kinds of any data set. */
  readonly known: ReadonlySet<string>
  /** Whether this data set puts records of no known kind into its quarantine; one of them does. */
  readonly takesUnrecognized: boolean
}

/**
 * Refuses kinds that are told apart by a field where messages are not JSON: the field is looked up in the message as it
 * came.
 */
export function refuseKindsByField({ name, format }: Dataset, kinds: ReadonlyMap<string, Kinds> | undefined): void {
  const topic = [...(kinds ?? [])].find(([, { by }]) => by !== 'key')?.[0]
  if (topic === undefined || format.isJsonLines) return
  throw new MillraceError(
    'CONFIG_INVALID',
    `the kinds in ${topic} are told apart by a field, and ${name} is not JSON`,
    {
      next: 'Tell them apart by the key: `[key=…]`.',
    },
  )
}

/** The owner of a record: this data set, another, or none, for a reason. */
export type Belonging = 'mine' | 'elsewhere' | { readonly unrecognized: string }

export function belongingOf(kinds: Kinds, block: Block, index: number): Belonging {
  const { by, mine, known } = kinds
  const kind = by === 'key' ? block.keys?.[index] : fieldOf(valueAt(block, index), by.field)
  if (kind !== undefined && mine.has(kind)) return 'mine'
  if (kind !== undefined && known.has(kind)) return 'elsewhere'
  const what = by === 'key' ? 'the key' : `the field ${by.field}`
  return { unrecognized: kind === undefined ? `of no known kind: ${what} is missing` : `of no known kind by ${what}` }
}

function fieldOf(value: Uint8Array | null, field: string): string | undefined {
  if (value === null) return undefined
  try {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
    refuseBomb(text)
    const record: unknown = JSON.parse(text)
    if (typeof record !== 'object' || record === null || !Object.hasOwn(record, field)) return undefined
    const found = (record as Record<string, unknown>)[field]
    return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
      ? String(found)
      : undefined
  } catch {
    return undefined
  }
}

import { z } from 'zod'
import { NamedFieldType } from './field-type.ts'
import type { FieldType } from './fields.ts'

/** What a source knows of a message beside its value. */
const SIMPLE = ['key', 'headers', 'timestamp', 'topic', 'partition', 'offset', 'schema'] as const

/** `key.NAME` is a field of a key that has a format. */
export type MetadataSource = (typeof SIMPLE)[number] | `header:${string}` | `key.${string}`

/** Something of a message beside its value, under the name that clean.sql knows it by. */
export interface MessageMetadata {
  readonly name: string
  readonly from: MetadataSource
  readonly type: FieldType
}

const Source = z
  .string()
  .refine((from) => (SIMPLE as readonly string[]).includes(from) || /^(header:|key\.)./s.test(from), {
    error: `a message has ${SIMPLE.join(', ')}, header:NAME, and key.NAME where its key has a format`,
  })
  .transform((from) => from as MetadataSource)

const Wanted = z
  .preprocess(
    (what) => (typeof what === 'string' ? { from: what } : what),
    z.strictObject({ from: Source, type: NamedFieldType.optional() }),
  )
  .transform(({ from, type }) => ({ from, type: type ?? (from === 'timestamp' ? 'timestamp' : 'text') }))

/** The property of dataset.json that says what clean.sql gets of a message beside its fields. */
export const MetadataDescription = z.record(z.string().min(1), Wanted).default({})

/** Returns what is wrong with a data set's naming of keys, if anything is. */
export function keyFault(metadata: readonly MessageMetadata[], keyFormat: unknown): string | undefined {
  const ofKey = metadata.find(({ from }) => from.startsWith('key.'))
  if (ofKey && keyFormat === undefined) return `${ofKey.name} is ${ofKey.from}: how are keys written?`
  if (keyFormat !== undefined && !wantedMetadata(metadata).keys) return 'metadata names nothing of the key'
  return undefined
}

/** Returns what a source is to hand over of each message, which it does only when asked. */
export function wantedMetadata(metadata: readonly MessageMetadata[]) {
  return {
    keys: metadata.some(({ from }) => from === 'key' || from.startsWith('key.')),
    headers: metadata.some(({ from }) => from.startsWith('header')),
  }
}

import { z } from 'zod'

/** What a source knows of a message beside its value. */
const SIMPLE = ['key', 'headers', 'timestamp', 'topic', 'partition', 'offset', 'schema'] as const

export type MetadataSource = (typeof SIMPLE)[number] | `header:${string}`

/** Something of a message beside its value, under the name that clean.sql knows it by. */
export interface MessageMetadata {
  readonly name: string
  readonly from: MetadataSource
}

const Source = z.string().refine((from) => (SIMPLE as readonly string[]).includes(from) || /^header:./s.test(from), {
  error: `a message has ${SIMPLE.join(', ')}, and header:NAME`,
})

/** The property of dataset.json that says what clean.sql gets of a message beside its fields. */
export const MetadataDescription = z.record(z.string().min(1), Source).default({})

/** Returns what a source is to hand over of each message, which it does only when asked. */
export function wantedMetadata(metadata: readonly MessageMetadata[]) {
  return {
    keys: metadata.some(({ from }) => from === 'key'),
    headers: metadata.some(({ from }) => from.startsWith('header')),
  }
}

import type { FormatContext } from '../context.ts'
import type { Format } from '../format.ts'
import { avroReader } from './avro.ts'
import { isReadWithoutKey } from './envelope.ts'
import { type DebeziumDescription, debeziumOptions, PREFIX } from './options.ts'
import { readChanges } from './read-changes.ts'
import { knownSchemas } from './schemas.ts'

const OWN_MEMBERS: readonly string[] = ['millrace_deleted', 'millrace_truncated']

/**
 * Debezium's changes: the envelope of before, after and op, and the plain row that ExtractNewRecordState makes of it; in
 * JSON, with the schema part or without, or in Avro with a registry. A line is the row as it is after the change, or as it
 * was before a delete. Without a context messages are JSON: fixtures are written so.
 */
export function openDebezium(description: DebeziumDescription, context: FormatContext | undefined): Format {
  const options = debeziumOptions(description)
  const { name, values } = description
  const isAvro = values === 'avro' && context !== undefined
  const schemas = knownSchemas()
  return {
    name,
    rules: JSON.stringify(description),
    readsKeys: options.tombstones === 'delete',
    isJsonLines: false,
    marksDeletes: true,
    isOwnMember: (member) => OWN_MEMBERS.includes(member) || member.startsWith(PREFIX),
    ...(isAvro
      ? avroReader(options, context)
      : { isReadWithoutKey, read: (messages) => readChanges(messages, options, schemas) }),
  }
}

import type { Format } from '../format.ts'
import { isEnvelope } from './envelope.ts'
import { type DebeziumDescription, debeziumOptions, PREFIX } from './options.ts'
import { readChanges } from './read-changes.ts'
import { knownSchemas } from './schemas.ts'

const OWN_MEMBERS: readonly string[] = ['millrace_deleted', 'millrace_truncated']

/**
 * Debezium's changes in JSON, with the schema part or without: the envelope of before, after and op, and the plain row
 * that ExtractNewRecordState makes of it. A line is the row as it is after the change, or as it was before a delete.
 */
export function debeziumFormat(description: DebeziumDescription = { name: 'debezium' }): Format {
  const options = debeziumOptions(description)
  const schemas = knownSchemas()
  return {
    name: 'debezium',
    rules: JSON.stringify(description),
    readsKeys: options.tombstones === 'delete',
    isReadWithoutKey: isEnvelope,
    isJsonLines: false,
    marksDeletes: true,
    isOwnMember: (name) => OWN_MEMBERS.includes(name) || name.startsWith(PREFIX),
    read: (messages) => readChanges(messages, options, schemas),
  }
}

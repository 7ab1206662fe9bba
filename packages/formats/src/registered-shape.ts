import { MillraceError } from '@millrace/base'
import { parseRegistered } from './avro/format.ts'
import { shapeOfAvro } from './avro/shape.ts'
import type { FormatContext } from './context.ts'
import { parseProto } from './protobuf/parse.ts'
import { shapeOfMessage } from './protobuf/shape.ts'
import { parseRegistryAddress } from './registry/address.ts'
import { openRegistry } from './registry/open-registry.ts'
import type { RegistrySchema } from './registry/registry.ts'
import type { RecordShape } from './shape/shape.ts'

/** What the registry says of a topic's messages; a JSON Schema says only how they are written. */
export interface RegisteredShape {
  readonly format: 'avro' | 'protobuf' | 'json-schema'
  readonly shape: RecordShape | undefined
}

/** Returns what the registry's latest schema for the topic's values says; undefined where there is none. */
export async function shapeOfTopic(topic: string, context: FormatContext): Promise<RegisteredShape | undefined> {
  if (context.registry === undefined) return undefined
  const schema = await openRegistry(parseRegistryAddress(context.registry, context.environment)).latestOf(topic)
  if (!schema) return undefined
  try {
    return shapeOfSchema(schema)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `the schema of ${topic} can't be read: ${why}`, {
      next: 'Write the data set by hand, or mend the schema.',
      cause,
    })
  }
}

function shapeOfSchema(schema: RegistrySchema): RegisteredShape {
  const { type, text, references } = schema
  if (type === 'JSON') return { format: 'json-schema', shape: undefined }
  if (type === 'PROTOBUF') {
    const message = parseProto(text, references).messageAt([0])
    if (!message) throw new Error('it has no message')
    return { format: 'protobuf', shape: shapeOfMessage(message) }
  }
  return { format: 'avro', shape: shapeOfAvro(parseRegistered(schema)) }
}

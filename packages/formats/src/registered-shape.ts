import { joinValues, MillraceError } from '@millrace/base'
import { parseRegistered } from './avro/format.ts'
import { shapeOfAvro } from './avro/shape.ts'
import type { FormatContext } from './context.ts'
import { shapeOfJsonSchema } from './json-schema/shape.ts'
import { shapeAt } from './protobuf/format.ts'
import { parseProto } from './protobuf/parse.ts'
import type { ProtoFile } from './protobuf/schema.ts'
import { shapeOfMessage } from './protobuf/shape.ts'
import { messagesOf } from './protobuf/which-message.ts'
import { parseRegistryAddress } from './registry/address.ts'
import type { MessageHeader } from './registry/headers.ts'
import { openRegistry } from './registry/open-registry.ts'
import type { Registry, RegistrySchema } from './registry/registry.ts'
import type { RecordShape } from './shape/shape.ts'
import { Undecodable } from './transcode/undecodable.ts'

/** What the registry says of a topic's messages; a JSON Schema that names no fields says only how they are written. */
export interface RegisteredShape {
  readonly format: 'avro' | 'protobuf' | 'json-schema'
  readonly shape: RecordShape | undefined
}

/** Returns a message of a topic; undefined where it has none. */
export type FirstMessage = () => Promise<Uint8Array | undefined>

/**
 * Returns what the registry's latest schema for the topic's values says, or, where it has none under the topic's name,
 * that of the topic's first message; undefined where there is neither. A Protobuf schema of several messages does not say
 * which of them the topic has: its first message does.
 */
export async function shapeOfTopic(
  topic: string,
  context: FormatContext,
  firstMessage: FirstMessage = async () => undefined,
): Promise<RegisteredShape | undefined> {
  if (context.registry === undefined) return undefined
  const registry = openRegistry(parseRegistryAddress(context.registry, context.environment))
  const schema = (await registry.latestOf(topic)) ?? (await schemaNamedBy(await firstMessage(), registry))
  if (!schema) return undefined
  const file = readable(topic, () =>
    schema.type === 'PROTOBUF' ? parseProto(schema.text, schema.references) : undefined,
  )
  const first = file?.isOneMessage === false ? await firstMessage() : undefined
  return readable(topic, () => (file ? shapeOfFile(file, registry.header, first) : shapeOfSchema(schema)))
}

function readable<T>(topic: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `the schema of ${topic} can't be read: ${why}`, {
      next: 'Write the data set by hand, or mend the schema.',
      cause,
    })
  }
}

function shapeOfSchema(schema: RegistrySchema): RegisteredShape {
  if (schema.type === 'JSON') return { format: 'json-schema', shape: shapeOfJsonSchema(schema) }
  return { format: 'avro', shape: shapeOfAvro(parseRegistered(schema)) }
}

function shapeOfFile(file: ProtoFile, header: MessageHeader, first: Uint8Array | undefined): RegisteredShape {
  const usual = file.messageAt([0])
  if (!usual) throw new Error('it has no message')
  return { format: 'protobuf', shape: (first && shapeNamedBy(first, file, header)) ?? shapeOfMessage(usual) }
}

/** Returns the schema that a message names; undefined where it names none that the registry has. */
async function schemaNamedBy(first: Uint8Array | undefined, registry: Registry): Promise<RegistrySchema | undefined> {
  const key = first && opened(first, registry.header).key
  return key === undefined ? undefined : registry.schemaOf(key)
}

/** Returns the shape of that message of a file which a message of the topic names; undefined where it names none. */
function shapeNamedBy(message: Uint8Array, file: ProtoFile, header: MessageHeader): RecordShape | undefined {
  const { messages, key } = opened(message, header)
  if (key === undefined) return undefined
  try {
    return shapeAt(messages, 0, messages.bytes.length, messagesOf(file), header)
  } catch (error) {
    if (error instanceof Undecodable) return undefined
    throw error
  }
}

function opened(message: Uint8Array, header: MessageHeader) {
  const raw = joinValues([message])
  const messages = header.opened?.(raw) ?? raw
  const { buffer, byteOffset, length } = messages.bytes
  return { messages, key: header.keyAt(new DataView(buffer, byteOffset, length), 0, length) }
}

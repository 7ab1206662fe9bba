import { endBefore, type JoinedValues, MillraceError } from '@millrace/base'
import type { FormatContext } from '../context.ts'
import type { Format, MessageSchemas, ReadMessages } from '../format.ts'
import type { RecordShape } from '../shape/shape.ts'
import { parseRegistryAddress } from './address.ts'
import { knownSchemas } from './known-schemas.ts'
import { openRegistry, type RegistrySchema } from './registry.ts'
import { schemaIdAt, unknownIds } from './wire-format.ts'

/** A format whose messages name a schema of the registry. */
export interface Registered<T> {
  readonly name: string
  /** The name for people. */
  readonly title: string
  /** What the registry calls schemas of this kind. */
  readonly kind: string
  /** Makes a schema ready. Throws why it can't be read. */
  readonly prepare: (schema: RegistrySchema) => T
  /** Reads a block by the schemas that are known; a text is why messages of that schema are rejected. */
  readonly read: (messages: JoinedValues, known: ReadonlyMap<number, T | string>) => ReadMessages
  /** Returns the shape of the record in a message, of which it is known that it can be read. */
  readonly shapeAt: (messages: JoinedValues, start: number, end: number, schema: T) => RecordShape | undefined
}

/** Opens a format in Confluent's wire format. Without a context it reads nothing: a data set is only looked at. */
export function openRegistered<T>(format: Registered<T>, context: FormatContext | undefined): Format {
  const { name, title } = format
  if (!context) return withoutRegistry(name, title)
  if (context.registry === undefined) throw noRegistry(title)
  const address = parseRegistryAddress(context.registry, context.environment)
  const schemas = knownSchemas(openRegistry(address), (schema) => prepared(schema, format))
  const read = (messages: JoinedValues): ReadMessages => {
    const result = format.read(messages, schemas.known)
    return { ...result, schemas: () => schemasOf(messages, result, schemas.known, format) }
  }
  return {
    name,
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read(messages) {
      const missing = unknownIds(messages, schemas.known)
      if (missing.size === 0) return read(messages)
      return schemas.learn(missing).then(() => read(messages))
    },
  }
}

function schemasOf<T>(
  messages: JoinedValues,
  { lines }: ReadMessages,
  known: ReadonlyMap<number, T | string>,
  { shapeAt }: Registered<T>,
): MessageSchemas {
  const view = new DataView(messages.bytes.buffer, messages.bytes.byteOffset, messages.bytes.byteLength)
  const shapes: RecordShape[] = []
  const of = new Int32Array(messages.count).fill(-1)
  for (let index = 0; index < messages.count; index++) {
    if ((lines.ends[index] as number) < 0) continue
    const [start, end] = [endBefore(messages.ends, index), messages.ends[index] as number]
    const schema = known.get(schemaIdAt(view, start, end) ?? -1)
    if (schema === undefined || typeof schema === 'string') continue
    const shape = shapeAt(messages, start, end, schema)
    if (shape === undefined) continue
    const before = shapes.indexOf(shape)
    of[index] = before < 0 ? shapes.push(shape) - 1 : before
  }
  return { shapes, of }
}

/** A schema that can't be read is the message's fault: its messages go to quarantine, and those of others go on. */
function prepared<T>(schema: RegistrySchema, { title, kind, prepare }: Registered<T>): T | string {
  if (schema.type !== kind) return `not ${title}: its schema is of the kind ${schema.type}`
  try {
    return prepare(schema)
  } catch (error) {
    return `not ${title}: its schema can't be read: ${error instanceof Error ? error.message : error}`
  }
}

function withoutRegistry(name: string, title: string): Format {
  return {
    name,
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read() {
      throw noRegistry(title)
    },
  }
}

function noRegistry(title: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `messages are ${title}, and no schema registry is configured`, {
    next: 'Set registry, such as https://registry.example:8081, or name the schemas in the data set.',
  })
}

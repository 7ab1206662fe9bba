import { endBefore, type JoinedValues, MillraceError } from '@millrace/base'
import type { FormatContext } from '../context.ts'
import type { Format, MessageSchemas, ReadMessages } from '../format.ts'
import type { RecordShape } from '../shape/shape.ts'
import { parseRegistryAddress } from './address.ts'
import { type MessageHeader, type SchemaKey, unknownKeys } from './headers.ts'
import { type KnownSchemas, knownSchemas } from './known-schemas.ts'
import { openRegistry } from './open-registry.ts'
import type { RegistrySchema } from './registry.ts'

/** How messages name their schemas, and those that are known; a text is why messages of that schema are rejected. */
export interface SchemasOf<T> {
  readonly header: MessageHeader
  readonly known: ReadonlyMap<SchemaKey, T | string>
}

/** A format whose messages name a schema of the registry. */
export interface Registered<T> {
  readonly name: string
  /** The name for people. */
  readonly title: string
  /** What the registry calls schemas of this kind. */
  readonly kind: string
  /** Makes a schema ready. Throws why it can't be read. */
  readonly prepare: (schema: RegistrySchema) => T
  /** Reads a block by the schemas that are known. */
  readonly read: (messages: JoinedValues, schemas: SchemasOf<T>) => ReadMessages
  /** Returns the shape of the record in a message, of which it is known that it can be read. */
  readonly shapeAt: (
    messages: JoinedValues,
    start: number,
    end: number,
    schema: T,
    header: MessageHeader,
  ) => RecordShape | undefined
}

/** The schemas of a registry, and how messages name them. */
interface Known<T> {
  readonly header: MessageHeader
  readonly schemas: KnownSchemas<T>
}

/** By context and format: a thousand data sets of one registry ask once for a schema, and make it ready once. */
const ofContexts = new WeakMap<FormatContext, Map<string, Known<unknown>>>()

/** Returns the schemas of the configured registry, made ready for a format. */
export function schemasOfContext<T>(
  format: Pick<Registered<T>, 'name' | 'title' | 'kind' | 'prepare'>,
  context: FormatContext,
): Known<T> {
  if (context.registry === undefined) throw noRegistry(format.title)
  const ofContext = ofContexts.get(context) ?? new Map<string, Known<unknown>>()
  ofContexts.set(context, ofContext)
  const before = ofContext.get(format.name)
  if (before) return before as Known<T>
  const registry = openRegistry(parseRegistryAddress(context.registry, context.environment))
  const schemas = knownSchemas(registry, (schema) => prepared(schema, format))
  const made = { header: registry.header, schemas }
  ofContext.set(format.name, made)
  return made
}

/** Opens a format in Confluent's wire format. Without a context it reads nothing: a data set is only looked at. */
export function openRegistered<T>(format: Registered<T>, context: FormatContext | undefined): Format {
  const { name, title } = format
  if (!context) return withoutRegistry(name, title)
  const {
    header,
    schemas: { known, learn },
  } = schemasOfContext(format, context)
  const read = (messages: JoinedValues): ReadMessages => {
    const result = format.read(messages, { header, known })
    return {
      ...result,
      schemas: () => schemasOf(messages, result, { header, known }, format),
      schemaKey: schemaKeys(messages, header),
    }
  }
  return {
    name,
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    ...(header.idsInHeaders && { idsInHeaders: header.idsInHeaders }),
    read(raw) {
      const messages = header.opened?.(raw) ?? raw
      const missing = unknownKeys(messages, header, known)
      return missing.size === 0 ? read(messages) : learn(missing).then(() => read(messages))
    },
  }
}

/** Returns what tells the schema that a message names. */
export function schemaKeys(
  { bytes, ends }: JoinedValues,
  header: MessageHeader,
): NonNullable<ReadMessages['schemaKey']> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (index) => header.keyAt(view, endBefore(ends, index), ends[index] as number)
}

function schemasOf<T>(
  messages: JoinedValues,
  { rejected }: ReadMessages,
  { header, known }: SchemasOf<T>,
  { shapeAt }: Registered<T>,
): MessageSchemas {
  const keyOf = schemaKeys(messages, header)
  const shapes: RecordShape[] = []
  const of = new Int32Array(messages.count).fill(-1)
  let next = 0
  for (let index = 0; index < messages.count; index++) {
    if (rejected[next]?.index === index) {
      next++
      continue
    }
    const schema = known.get(keyOf(index) ?? -1)
    if (schema === undefined || typeof schema === 'string') continue
    const shape = shapeAt(messages, endBefore(messages.ends, index), messages.ends[index] as number, schema, header)
    if (shape === undefined) continue
    const before = shapes.indexOf(shape)
    of[index] = before < 0 ? shapes.push(shape) - 1 : before
  }
  return { shapes, of }
}

/** A schema that can't be read is the message's fault: its messages go to quarantine, and those of others go on. */
function prepared<T>(
  schema: RegistrySchema,
  { title, kind, prepare }: Pick<Registered<T>, 'title' | 'kind' | 'prepare'>,
): T | string {
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

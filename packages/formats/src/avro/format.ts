import { endBefore, MillraceError } from '@millrace/base'
import type { FormatContext } from '../context.ts'
import type { Format, RawMessages } from '../format.ts'
import { parseRegistryAddress } from '../registry/address.ts'
import { knownSchemas } from '../registry/known-schemas.ts'
import { openRegistry, type RegistrySchema } from '../registry/registry.ts'
import { compile } from './compile.ts'
import { type Framing, noFraming, singleObjectFraming } from './framing.ts'
import { type PlanOf, readMessages } from './read-messages.ts'
import { parseSchema } from './schema.ts'
import type { Transcode } from './transcode.ts'

const MAGIC = 0
const HEADER = 5

/** Avro in Confluent's wire format: a zero byte, the id of a schema of the registry, the value. */
export function registeredAvro(context: FormatContext | undefined): Format {
  if (!context) return withoutRegistry
  if (context.registry === undefined) throw noRegistry()
  const address = parseRegistryAddress(context.registry, context.environment)
  const schemas = knownSchemas(openRegistry(address), prepare)
  const planOf: PlanOf = (from) => {
    const { bytes, at, end } = from
    if (end - at < HEADER || bytes[at] !== MAGIC) return 'not Avro: it does not begin with the id of a schema'
    from.skip(HEADER)
    const id = from.view.getUint32(at + 1)
    return schemas.known.get(id) ?? `not Avro: its schema ${id} is not in the registry`
  }
  return {
    name: 'avro',
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read(messages) {
      const missing = unknownIds(messages, schemas.known)
      if (missing.size === 0) return readMessages(messages, planOf)
      return schemas.learn(missing).then(() => readMessages(messages, planOf))
    },
  }
}

const withoutRegistry: Format = {
  name: 'avro',
  readsKeys: false,
  isJsonLines: false,
  read() {
    throw noRegistry()
  },
}

function noRegistry(): MillraceError {
  return new MillraceError('CONFIG_INVALID', 'messages are Avro, and no schema registry is configured', {
    next: 'Set registry, such as https://registry.example:8081, or name the schemas in the data set.',
  })
}

/** Avro whose schemas stand in the data set. */
export function schemedAvro(framing: Framing, schemas: readonly unknown[]): Format {
  const planOf = framing === 'none' ? noFraming(schemas[0]) : singleObjectFraming(schemas)
  return {
    name: 'avro',
    rules: JSON.stringify([framing, schemas]),
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read: (messages) => readMessages(messages, planOf),
  }
}

/** Returns the ids in the block that are not known yet; neighbours mostly have the same. */
function unknownIds({ bytes, ends, count }: RawMessages, known: ReadonlyMap<number, unknown>): Set<number> {
  const missing = new Set<number>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let last = -1
  for (let index = 0; index < count; index++) {
    const start = endBefore(ends, index)
    if ((ends[index] as number) - start < HEADER || bytes[start] !== MAGIC) continue
    const id = view.getUint32(start + 1)
    if (id !== last && !known.has(id)) missing.add(id)
    last = id
  }
  return missing
}

/** A schema that can't be read is the message's fault: its messages go to quarantine, and those of others go on. */
function prepare({ type, text, references }: RegistrySchema): Transcode | string {
  if (type !== 'AVRO') return `not Avro: its schema is of the kind ${type}`
  try {
    const names = new Map()
    for (const reference of references) parseSchema(JSON.parse(reference.text), names)
    return compile(parseSchema(JSON.parse(text), names))
  } catch (error) {
    return `not Avro: its schema can't be read: ${error instanceof Error ? error.message : error}`
  }
}

import type { RecordPlan } from '../columns/read-columns.ts'
import type { FormatContext } from '../context.ts'
import type { Format } from '../format.ts'
import { openRegistered, type SchemasOf } from '../registry/registered.ts'
import type { RegistrySchema } from '../registry/registry.ts'
import type { RecordShape } from '../shape/shape.ts'
import { type Framing, noFraming, singleObjectFraming } from './framing.ts'
import { planOfSchema } from './plan.ts'
import { type PlanOf, readAvro } from './read-avro.ts'
import type { AvroReader } from './reader.ts'
import { type AvroType, parseSchema } from './schema.ts'
import { shapeOfAvro } from './shape.ts'

/** Avro behind what names a schema of the registry. */
export function registeredAvro(context: FormatContext | undefined): Format {
  return openRegistered(
    {
      name: 'avro',
      title: 'Avro',
      kind: 'AVRO',
      prepare,
      read: (messages, schemas) => readAvro(messages, planBy(schemas)),
      shapeAt: (_messages, _start, _end, { shape }) => shape(),
    },
    context,
  )
}

/** A schema made ready. */
interface Prepared {
  readonly record: RecordPlan<AvroReader>
  readonly shape: () => RecordShape
}

/** Returns what reads a message by the schema that stands before its value. */
export function planBy({ header, known }: SchemasOf<Pick<Prepared, 'record'>>): PlanOf {
  return (from) => {
    const id = header.keyAt(from.view, from.at, from.end)
    if (id === undefined) return 'not Avro: it does not begin with the id of a schema'
    from.skip(header.sizeAt(from.view, from.at))
    const schema = known.get(id) ?? `not Avro: its schema ${id} is not in the registry`
    return typeof schema === 'string' ? schema : schema.record
  }
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
    read: (messages) => readAvro(messages, planOf),
  }
}

/** Parses a schema of the registry, with those that it refers to. Throws what is wrong. */
export function parseRegistered({ text, references }: RegistrySchema): AvroType {
  const names = new Map()
  for (const reference of references) parseSchema(JSON.parse(reference.text), names)
  return parseSchema(JSON.parse(text), names)
}

function prepare(schema: RegistrySchema): Prepared {
  const type = parseRegistered(schema)
  let shape: RecordShape | undefined
  return {
    record: planOfSchema(type),
    shape() {
      shape ??= shapeOfAvro(type)
      return shape
    },
  }
}

import type { RegistrySchema } from '../registry/registry.ts'
import type { RecordShape, Shape, SimpleShape } from '../shape/shape.ts'

/** A schema, and the document that its references are read in. */
interface Place {
  readonly schema: Schema
  readonly document: Schema
}

type Schema = Readonly<Record<string, unknown>>

/** What a schema is read with: the documents that it refers to by name, and how many more parts are looked at. */
interface Reading {
  readonly referred: ReadonlyMap<string, Schema>
  left: number
}

/** Parts that refer twice to the same, at each of some levels, are any number of columns; those beyond are texts. */
const MOST_PARTS = 10_000

const JSON_SHAPE: Shape = { kind: 'json' }

/** Returns the shape of what fits a JSON Schema; undefined where it names no fields. */
export function shapeOfJsonSchema({ text, references }: RegistrySchema): RecordShape | undefined {
  const document = schemaIn(JSON.parse(text))
  const referred = new Map(references.map(({ name, text }) => [name, schemaIn(JSON.parse(text))]))
  const shape = shapeOf({ schema: document, document }, [], { referred, left: MOST_PARTS })
  return shape.kind === 'record' && Object.keys(shape.fields).length > 0 ? shape : undefined
}

function shapeOf({ schema, document }: Place, around: readonly Schema[], reading: Reading): Shape {
  // What holds itself has no end as a column.
  if (around.includes(schema) || reading.left-- <= 0) return JSON_SHAPE
  const within = (inner: unknown, of = document) =>
    shapeOf({ schema: schemaIn(inner), document: of }, [...around, schema], reading)
  const target = typeof schema.$ref === 'string' ? find(schema.$ref, document, reading.referred) : undefined
  return both([
    ownShape(schema, within),
    ...(target ? [within(target.schema, target.document)] : []),
    ...listIn(schema.allOf).map((part) => within(part)),
    ...[schema.anyOf, schema.oneOf].map((branches) => either(listIn(branches).map((branch) => within(branch)))),
  ])
}

function ownShape(schema: Schema, within: (inner: unknown) => Shape): Shape {
  const { type, properties, enum: values } = schema
  if (type !== undefined) return either([type].flat().map((name) => shapeOfType(name, schema, within)))
  if ('const' in schema) return shapeOfValue(schema.const)
  if (values !== undefined) return either(listIn(values).map(shapeOfValue))
  return properties === undefined ? JSON_SHAPE : objectShape(schema, within)
}

function shapeOfType(type: unknown, schema: Schema, within: (inner: unknown) => Shape): Shape {
  switch (type) {
    case 'object':
      return objectShape(schema, within)
    case 'array':
      return { kind: 'list', items: within(schema.prefixItems === undefined ? schema.items : undefined) }
    case 'string':
      return { kind: schema.format === 'date-time' ? 'timestamp' : schema.format === 'date' ? 'date' : 'text' }
    default:
      return { kind: PLAIN.get(type) ?? 'json' }
  }
}

const PLAIN = new Map<unknown, SimpleShape>([
  ['integer', 'long'],
  ['number', 'double'],
  ['boolean', 'boolean'],
  ['null', 'nothing'],
])

function objectShape({ properties, additionalProperties }: Schema, within: (inner: unknown) => Shape): Shape {
  const fields = Object.entries(schemaIn(properties)).map(([name, inner]) => [name, within(inner)] as const)
  if (fields.length > 0) return { kind: 'record', fields: Object.fromEntries(fields) }
  const isMap = Object.keys(schemaIn(additionalProperties)).length > 0
  return isMap ? { kind: 'map', values: within(additionalProperties) } : JSON_SHAPE
}

function shapeOfValue(value: unknown): Shape {
  if (value === null) return { kind: 'nothing' }
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'long' : 'double' }
  return { kind: typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'json' }
}

/** Returns the shape of what is one of these, or null. */
function either(shapes: readonly Shape[]): Shape {
  const [first, ...others] = shapes.filter(({ kind }) => kind !== 'nothing')
  if (!first) return { kind: shapes.length > 0 ? 'nothing' : 'json' }
  if (others.every((other) => isSame(first, other))) return first
  return [first, ...others].every(({ kind }) => kind === 'long' || kind === 'double') ? { kind: 'double' } : JSON_SHAPE
}

/** Returns the shape of what is all of these at once. */
function both(shapes: readonly Shape[]): Shape {
  const [first = JSON_SHAPE, ...others] = shapes.filter(({ kind }) => kind !== 'json')
  return others.reduce((all, other) => {
    if (all.kind !== 'record' || other.kind !== 'record') return isSame(all, other) ? all : JSON_SHAPE
    const fields = Object.entries(other.fields).map(
      ([name, shape]) =>
        [name, Object.hasOwn(all.fields, name) ? both([all.fields[name] as Shape, shape]) : shape] as const,
    )
    return { kind: 'record', fields: { ...all.fields, ...Object.fromEntries(fields) } }
  }, first)
}

const isSame = (one: Shape, other: Shape) => JSON.stringify(one) === JSON.stringify(other)

/** Returns what a reference names: a part of the document, or of one that the registry has for it. */
function find(reference: string, own: Schema, referred: Reading['referred']): Place | undefined {
  const [name = '', pointer = ''] = reference.split('#')
  const document = name === '' || name === own.$id ? own : referred.get(name)
  if (!document) return undefined
  const path = decoded(pointer)
  // An anchor, which is no path, is not looked for.
  if (path === undefined || (path !== '' && !path.startsWith('/'))) return undefined
  const steps = path.split('/').slice(1)
  const names = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const schema = names.reduce<unknown>((at, step) => schemaIn(at)[step], document)
  return { schema: schemaIn(schema), document }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** What is no object, such as true, says nothing. */
const schemaIn = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

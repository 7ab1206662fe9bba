/** A type of an Avro schema, its names resolved. */
export type AvroType =
  | {
      readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'
      readonly logical?: Logical
      readonly connectName?: string
    }
  | { readonly kind: 'fixed'; readonly size: number; readonly logical?: Logical }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord

export interface AvroRecord {
  readonly kind: 'record'
  /** What Kafka Connect calls the type that it made this one of. */
  readonly connectName?: string
  /** Filled after the record is made: a field may hold the record itself. */
  readonly fields: { readonly name: string; readonly type: AvroType }[]
}

/** A logical type that changes how a value is written; any other is read as the type below it. */
export type Logical =
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  | {
      readonly name:
        | 'big-decimal'
        | 'date'
        | 'time-millis'
        | 'time-micros'
        | 'timestamp-millis'
        | 'timestamp-micros'
        | 'timestamp-nanos'
        | 'uuid'
        | 'duration'
    }

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

type Primitive = (typeof PRIMITIVES)[number]

/** Below which type each logical type means something. Local times are written as those of UTC, without a zone. */
const LOGICAL: Readonly<Record<string, readonly [kind: string, name: Exclude<Logical['name'], 'decimal'>]>> = {
  date: ['int', 'date'],
  'time-millis': ['int', 'time-millis'],
  'time-micros': ['long', 'time-micros'],
  'timestamp-millis': ['long', 'timestamp-millis'],
  'timestamp-micros': ['long', 'timestamp-micros'],
  'timestamp-nanos': ['long', 'timestamp-nanos'],
  'local-timestamp-millis': ['long', 'timestamp-millis'],
  'local-timestamp-micros': ['long', 'timestamp-micros'],
  'local-timestamp-nanos': ['long', 'timestamp-nanos'],
  'big-decimal': ['bytes', 'big-decimal'],
  duration: ['fixed', 'duration'],
}

/** Types by their full names. */
export type Names = Map<string, AvroType>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const MOST_TYPES = 10_000
const LARGEST_FIXED = 1 << 20

/** Parses a schema as JSON.parse returns it; it may use what is in `names`, and adds to them. Throws what is wrong. */
export function parseSchema(schema: unknown, names: Names = new Map()): AvroType {
  let types = 0

  function parse(value: unknown, space: string): AvroType {
    if (++types > MOST_TYPES) throw new Error(`it has more than ${MOST_TYPES} types`)
    if (typeof value === 'string') return named(value, space)
    if (Array.isArray(value)) return union(value, space)
    if (!isObject(value)) throw new Error('a type is neither a name, an object nor a list')
    switch (value.type) {
      case 'record':
      case 'error':
        return record(value, space)
      case 'enum':
        return define(value, space, { kind: 'enum', symbols: textsOf(value.symbols) })
      case 'fixed':
        return define(value, space, fixed(value))
      case 'array':
        return { kind: 'array', items: parse(value.items, space) }
      case 'map':
        return { kind: 'map', values: parse(value.values, space) }
      default: {
        const type = parse(value.type, space)
        return isPrimitive(type.kind) ? withConnectName(withLogical(type, value), value) : type
      }
    }
  }

  function named(name: string, space: string): AvroType {
    if (isPrimitive(name)) return { kind: name }
    const type = names.get(fullName(name, space)) ?? names.get(name)
    if (!type) throw new Error(`the type ${quoted(name)} is not defined`)
    return type
  }

  function union(branches: readonly unknown[], space: string): AvroType {
    if (branches.length === 0) throw new Error('a union has no types')
    return { kind: 'union', branches: branches.map((branch) => parse(branch, space)) }
  }

  function record(value: Readonly<Record<string, unknown>>, space: string): AvroType {
    const type: AvroRecord = withConnectName({ kind: 'record', fields: [] }, value)
    define(value, space, type)
    const inside = spaceOf(value, space)
    if (!Array.isArray(value.fields)) throw new Error('a record has no list of fields')
    for (const field of value.fields) {
      if (!isObject(field) || typeof field.name !== 'string') throw new Error('a field has no name')
      if (!NAME.test(field.name)) throw new Error(`${quoted(field.name)} is no name of a field`)
      if (type.fields.some(({ name }) => name === field.name)) throw new Error(`field ${field.name} comes twice`)
      type.fields.push({ name: field.name, type: parse(field.type, inside) })
    }
    return type
  }

  function define(value: Readonly<Record<string, unknown>>, space: string, type: AvroType): AvroType {
    if (typeof value.name !== 'string') throw new Error(`a ${type.kind} has no name`)
    const name = fullName(value.name, spaceOf(value, space))
    if (isPrimitive(name) || names.has(name)) throw new Error(`the type ${quoted(name)} is defined twice`)
    names.set(name, type)
    return type
  }

  return parse(schema, '')
}

function fixed(value: Readonly<Record<string, unknown>>): AvroType {
  const { size } = value
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > LARGEST_FIXED) {
    throw new Error('a fixed has no size that it can have')
  }
  return withLogical({ kind: 'fixed', size }, value)
}

/** A logical type that does not fit the type below it is passed over, as Avro asks. */
function withLogical(type: AvroType, value: Readonly<Record<string, unknown>>): AvroType {
  const logical = logicalOf(type, value)
  return logical ? ({ ...type, logical } as AvroType) : type
}

function withConnectName<T extends AvroType>(type: T, value: Readonly<Record<string, unknown>>): T {
  const name = value['connect.name']
  return typeof name === 'string' ? { ...type, connectName: name } : type
}

function logicalOf(
  type: AvroType,
  { logicalType, precision, scale = 0 }: Readonly<Record<string, unknown>>,
): Logical | undefined {
  const { kind } = type
  if (logicalType === 'decimal' && (kind === 'bytes' || kind === 'fixed')) {
    const fits = typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 && scale <= 1000
    return fits ? { name: 'decimal', precision: Number(precision), scale } : undefined
  }
  if (logicalType === 'uuid') return kind === 'fixed' && type.size === 16 ? { name: 'uuid' } : undefined
  const [below, name] =
    (typeof logicalType === 'string' && Object.hasOwn(LOGICAL, logicalType) && LOGICAL[logicalType]) || []
  if (name === undefined || below !== kind) return undefined
  return name === 'duration' && kind === 'fixed' && type.size !== 12 ? undefined : { name }
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}

/** Returns the namespace of what is inside of a named type. */
function spaceOf({ name, namespace }: Readonly<Record<string, unknown>>, space: string): string {
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'))
  return typeof namespace === 'string' ? namespace : space
}

function textsOf(value: unknown): string[] {
  if (!Array.isArray(value) || value.some((text) => typeof text !== 'string')) throw new Error('an enum has no symbols')
  return value
}

function isPrimitive(name: string): name is Primitive {
  return (PRIMITIVES as readonly string[]).includes(name)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

const quoted = (name: string) => JSON.stringify(name.slice(0, 100))

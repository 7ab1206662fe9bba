import { MillraceError, refuseBomb } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Metadata } from './actions.ts'

/** A Delta schema, in the protocol's JSON. */
export interface StructType {
  readonly type: 'struct'
  readonly fields: readonly StructField[]
}

export interface StructField {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Returns a nullable field with a comment for readers of the table. */
export function commentedField(name: string, type: DataType, comment: string): StructField {
  return { name, type, nullable: true, metadata: { comment } }
}

export interface ArrayType {
  readonly type: 'array'
  readonly elementType: DataType
  readonly containsNull: boolean
}

export interface MapType {
  readonly type: 'map'
  readonly keyType: DataType
  readonly valueType: DataType
  readonly valueContainsNull: boolean
}

export type DataType = string | StructType | ArrayType | MapType

/** Parsed schemas, by the action that has them. */
const parsed = new WeakMap<Metadata, StructType>()

/** Returns the schema of a table; TABLE_BROKEN names the place where it is none. */
export function schemaOf(metadata: Metadata): StructType {
  const known = parsed.get(metadata)
  if (known) return known
  const schema = parseSchema(metadata)
  parsed.set(metadata, schema)
  return schema
}

function parseSchema({ id, schemaString }: Metadata): StructType {
  const broken = (what: string) => new MillraceError('TABLE_BROKEN', `table ${id} has a schema that ${what}`)
  let schema: unknown
  try {
    refuseBomb(schemaString)
    schema = JSON.parse(schemaString)
  } catch {
    throw broken('is not JSON')
  }
  const type = checkedType(schema, 'the schema', 0, broken)
  if (typeof type === 'object' && type.type === 'struct') return type
  throw broken('is no struct')
}

/** Maximum nesting, so that a hostile schema cannot exhaust the stack. */
const DEEPEST = 100

type Broken = (what: string) => MillraceError

function checkedType(value: unknown, at: string, depth: number, broken: Broken): DataType {
  if (depth > DEEPEST) throw broken(`is nested more than ${DEEPEST} levels deep`)
  if (typeof value === 'string') return value
  if (!isObject(value)) throw broken(`has no type at ${at}`)
  const inner = (part: unknown, name: string) => checkedType(part, `${at}.${name}`, depth + 1, broken)
  switch (value.type) {
    case 'struct':
      if (!Array.isArray(value.fields)) throw broken(`has no fields at ${at}`)
      return { type: 'struct', fields: value.fields.map((field) => checkedField(field, at, depth, broken)) }
    case 'array':
      return {
        type: 'array',
        elementType: inner(value.elementType, 'element'),
        containsNull: value.containsNull !== false,
      }
    case 'map':
      return {
        type: 'map',
        keyType: inner(value.keyType, 'key'),
        valueType: inner(value.valueType, 'value'),
        valueContainsNull: value.valueContainsNull !== false,
      }
    default:
      throw broken(`has an unknown kind of type at ${at}`)
  }
}

function checkedField(value: unknown, at: string, depth: number, broken: Broken): StructField {
  if (!isObject(value) || typeof value.name !== 'string') throw broken(`has a field without a name in ${at}`)
  const { name, type, nullable = true, metadata = {} } = value
  if (name.includes('\0')) throw broken(`has a NUL character in the name of a field in ${at}`)
  const where = `${at}.${name}`
  if (typeof nullable !== 'boolean') throw broken(`does not say whether ${where} may be null`)
  if (!isObject(metadata)) throw broken(`has metadata that is no object at ${where}`)
  return { name, type: checkedType(type, where, depth + 1, broken), nullable, metadata }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** DuckDB's types by Delta's; a void column has no values in any file. */
const DUCKDB_TYPES = new Map([
  ['string', 'VARCHAR'],
  ['long', 'BIGINT'],
  ['integer', 'INTEGER'],
  ['short', 'SMALLINT'],
  ['byte', 'TINYINT'],
  ['float', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['boolean', 'BOOLEAN'],
  ['binary', 'BLOB'],
  ['date', 'DATE'],
  ['timestamp', 'TIMESTAMP WITH TIME ZONE'],
  ['timestamp_ntz', 'TIMESTAMP'],
  ['void', 'VARCHAR'],
  // A variant is shown as JSON text; `fileType` returns its type in files.
  ['variant', 'JSON'],
  ['variant in a file', 'VARIANT'],
])

const DECIMAL = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/
const MOST_DIGITS = 38

/** Returns how many digits a decimal has, and how many of them after the point; undefined for any other type. */
export function decimalType(type: string): { readonly precision: number; readonly scale: number } | undefined {
  const [, precision, scale] = (DECIMAL.exec(type) ?? []).map(Number)
  if (precision === undefined || scale === undefined) return undefined
  return precision >= 1 && precision <= MOST_DIGITS && scale <= precision ? { precision, scale } : undefined
}

/** Returns the SQL of a primitive type. Only this closed set of types becomes SQL, never the schema's text. */
function duckdbPrimitive(type: string): string | undefined {
  const decimal = decimalType(type)
  return decimal ? `DECIMAL(${decimal.precision}, ${decimal.scale})` : DUCKDB_TYPES.get(type)
}

/** Returns the type in SQL; a type that can't be read is refused. */
export function duckdbType(type: DataType): string {
  if (typeof type === 'string') {
    const primitive = duckdbPrimitive(type)
    if (primitive !== undefined) return primitive
    throw new MillraceError('TABLE_UNSUPPORTED', `the type ${type} can't be read`)
  }
  if (type.type === 'array') return `${duckdbType(type.elementType)}[]`
  if (type.type === 'map') return `MAP(${duckdbType(type.keyType)}, ${duckdbType(type.valueType)})`
  return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(', ')})`
}

/** Returns the first type in it that can't be read, if there is one. */
export function unreadableType(type: DataType): string | undefined {
  if (typeof type === 'string') return duckdbPrimitive(type) === undefined ? type : undefined
  if (type.type === 'array') return unreadableType(type.elementType)
  if (type.type === 'map') return unreadableType(type.keyType) ?? unreadableType(type.valueType)
  return type.fields.map((field) => unreadableType(field.type)).find((name) => name !== undefined)
}

/** Whether files may hold a narrower type than the column has, in the column or inside of its values. */
export function isWidened({ type, metadata }: StructField): boolean {
  return Array.isArray(metadata['delta.typeChanges']) || structsIn(type).some(({ fields }) => fields.some(isWidened))
}

function structsIn(type: DataType): StructType[] {
  if (typeof type === 'string') return []
  if (type.type === 'struct') return [type]
  return type.type === 'array'
    ? structsIn(type.elementType)
    : [...structsIn(type.keyType), ...structsIn(type.valueType)]
}

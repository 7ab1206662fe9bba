import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Metadata } from './actions.ts'

/** Delta's schema: JSON types as the protocol writes them. */
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

/** A field that may be null, with the comment that whoever reads the table sees. */
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

export function schemaOf(metadata: Metadata): StructType {
  let schema: unknown
  try {
    schema = JSON.parse(metadata.schemaString)
  } catch (cause) {
    throw new MillraceError('TABLE_BROKEN', `table ${metadata.id} has a schema that is not JSON`, { cause })
  }
  if (isStruct(schema)) return schema
  throw new MillraceError('TABLE_BROKEN', `table ${metadata.id} has no schema`)
}

function isStruct(value: unknown): value is StructType {
  return typeof value === 'object' && value !== null && Array.isArray((value as StructType).fields)
}

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  integer: 'INTEGER',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  timestamp_ntz: 'TIMESTAMP',
}

export function duckdbType(type: DataType): string {
  if (typeof type === 'string') return DUCKDB_TYPES[type] ?? type.toUpperCase()
  if (type.type === 'array') return `${duckdbType(type.elementType)}[]`
  if (type.type === 'map') return `MAP(${duckdbType(type.keyType)}, ${duckdbType(type.valueType)})`
  return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(', ')})`
}

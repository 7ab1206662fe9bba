import { type DataType, duckdbType } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { RecordShape, Shape } from '@millrace/formats'
import type { FieldType } from '../dataset/fields.ts'
import { inventRecord, spoilRecord } from './invent.ts'

/** A data set that nobody wrote, as it would stand in its folder. */
export interface InferredDataset {
  /** What dataset.json says. */
  readonly description: Readonly<Record<string, unknown>>
  readonly sql: string
  /** What it was inferred from. */
  readonly shape: RecordShape
  /** A record of it, made up, and one that is rejected. */
  readonly example: Readonly<Record<string, unknown>>
  readonly rejected: Readonly<Record<string, unknown>> | undefined
}

/** A column of one field, and the field itself. */
export interface FieldColumn {
  readonly field: string
  readonly fieldType: FieldType
  readonly name: string
  readonly type: DataType
  /** SQL that makes its value of the field, which clean.sql knows as `from`. */
  select(from: string): string
}

/** Returns the columns of a shape's fields, those of which a table can have no column left out. */
export function columnsOfShape(shape: RecordShape): FieldColumn[] {
  return columnsOf(shape).map(({ field, name, shape: of }) => ({
    ...{ field, name, fieldType: fieldType(of), type: columnType(of) },
    select: (from) => valueIn(of, from),
  }))
}

interface Column {
  /** The field's name. */
  readonly field: string
  /** The column's: the field's, where a column may have such a name. */
  readonly name: string
  readonly shape: Shape
}

/** Returns the data set that has a column for each field of a shape, typed as the field is. */
export function describeShape(
  shape: RecordShape,
  about: { readonly topic: string; readonly format: string },
): InferredDataset {
  const columns = columnsOf(shape)
  return {
    description: {
      description: `Records of the topic ${about.topic}`,
      ...(about.format !== 'json' && { format: about.format }),
      fields: Object.fromEntries(columns.map(({ field, shape: of }) => [field, { type: fieldType(of) }])),
      columns: Object.fromEntries(columns.map(({ name, shape: of }) => [name, { type: described(columnType(of)) }])),
    },
    sql: `SELECT ${columns.map(selected).join(',\n  ')}\nFROM raw\n`,
    shape,
    example: inventRecord(shape),
    rejected: spoilRecord(shape),
  }
}

/** Names that differ in nothing but upper and lower case are one to SQL: the first of them is taken. */
function columnsOf({ fields }: RecordShape): Column[] {
  const taken = new Set<string>()
  return Object.entries(fields).flatMap(([field, shape]) => {
    const name = field.replaceAll(/[^\p{L}\p{N}_-]/gu, '_')
    if (field === '' || taken.has(name.toLowerCase()) || taken.has(field.toLowerCase())) return []
    taken.add(name.toLowerCase()).add(field.toLowerCase())
    return [{ field, name, shape }]
  })
}

/** Nested values come as their JSON, bytes as base64. */
function fieldType(shape: Shape): FieldType {
  switch (shape.kind) {
    case 'decimal':
      return `decimal(${shape.precision},${shape.scale})`
    case 'integer':
    case 'long':
    case 'double':
    case 'boolean':
    case 'date':
    case 'timestamp':
      return shape.kind
    default:
      return 'text'
  }
}

function columnType(shape: Shape): DataType {
  switch (shape.kind) {
    case 'bytes':
      return 'binary'
    case 'text':
    case 'json':
    case 'nothing':
      return 'string'
    case 'list':
      return { type: 'array', elementType: nestedType(shape.items), containsNull: true }
    case 'map':
      return { type: 'map', keyType: 'string', valueType: nestedType(shape.values), valueContainsNull: true }
    case 'record':
      return structType(shape)
    default:
      return fieldType(shape) as DataType
  }
}

/** Bytes within others stay base64. */
function nestedType(shape: Shape): DataType {
  return shape.kind === 'bytes' ? 'string' : columnType(shape)
}

/** A struct without fields can't be stored. */
function structType({ fields }: RecordShape): DataType {
  const entries = Object.entries(fields)
  if (entries.length === 0 || new Set(entries.map(([name]) => name.toLowerCase())).size < entries.length)
    return 'string'
  return {
    type: 'struct',
    fields: entries.map(([name, shape]) => ({ name, type: nestedType(shape), nullable: true, metadata: {} })),
  }
}

function selected({ field, name, shape }: Column): string {
  const from = quoteName(field)
  const value = valueIn(shape, from)
  return value === from && field === name ? from : `${value} AS ${quoteName(name)}`
}

function valueIn(shape: Shape, from: string): string {
  if (shape.kind === 'bytes') return `from_base64(${from})`
  if (isPlain(shape) || columnType(shape) === 'string') return from
  return columnOf(shape, `${from}::JSON`, 0)
}

/**
 * SQL that makes a column's value of JSON. The engine's cast refuses an object that lacks a key, so objects are taken
 * apart; what is of another kind is left to the cast, which rejects it.
 */
function columnOf(shape: Shape, json: string, depth: number): string {
  const type = nestedType(shape)
  const sql = duckdbType(type)
  const each = `e${depth}`
  if (shape.kind === 'record' && type !== 'string') {
    const fields = Object.entries(shape.fields).map(([name, inner]) => {
      return `${quoteName(name)} := ${columnOf(inner, `(${json} -> ${quoteText(pathTo(name))})`, depth)}`
    })
    return `CASE WHEN json_type(${json}) = 'OBJECT' THEN struct_pack(${fields.join(', ')}) ELSE CAST(${json} AS ${sql}) END`
  }
  if (shape.kind === 'list') {
    return `list_transform(CAST(${json} AS JSON[]), lambda ${each}: ${columnOf(shape.items, each, depth + 1)})`
  }
  if (shape.kind === 'map') {
    const entries = `map_entries(CAST(${json} AS MAP(VARCHAR, JSON)))`
    const entry = `struct_pack(k := ${each}.key, v := ${columnOf(shape.values, `${each}.value`, depth + 1)})`
    return `map_from_entries(list_transform(${entries}, lambda ${each}: ${entry}))`
  }
  return `CAST(${json} ->> '$' AS ${sql})`
}

function pathTo(name: string): string {
  return `$.${JSON.stringify(name)}`
}

function isPlain({ kind }: Shape): boolean {
  return !['bytes', 'list', 'map', 'record'].includes(kind)
}

/** A type as dataset.json says it. */
function described(type: DataType): unknown {
  if (typeof type === 'string') return type
  if (type.type === 'array') return { type: 'array', elementType: described(type.elementType) }
  if (type.type === 'map') {
    return { type: 'map', keyType: described(type.keyType), valueType: described(type.valueType) }
  }
  return {
    type: 'struct',
    fields: Object.fromEntries(type.fields.map(({ name, type: of }) => [name, { type: described(of) }])),
  }
}

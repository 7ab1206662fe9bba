import { type DataType, holdsType, type StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { RecordShape, Shape } from '@millrace/formats'
import type { FieldType } from '../dataset/fields.ts'
import { inventRecord, spoilRecord } from './invent.ts'
import { columnName, isOddName, typedBy } from './typed.ts'

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

/** Columns that a table has already, by their names in lower case, and whether they may become wider. */
export interface StoredColumns {
  readonly columns: ReadonlyMap<string, StructField>
  readonly widens: boolean
}

const NONE: StoredColumns = { columns: new Map(), widens: false }

/**
 * Returns the columns of a shape's fields, those of which a table can have no column left out. Names that differ in
 * nothing but upper and lower case are one to SQL: the first of them is taken.
 */
export function columnsOfShape({ fields }: RecordShape, stored: StoredColumns = NONE): FieldColumn[] {
  const taken = new Set<string>()
  return Object.entries(fields).flatMap(([field, shape]) => {
    const lower = columnName(field).toLowerCase()
    if (isOddName(field) || taken.has(lower)) return []
    taken.add(lower)
    return [columnOf(field, shape, stored.columns.get(lower), stored.widens)]
  })
}

function columnOf(field: string, shape: Shape, stored: StructField | undefined, widens: boolean): FieldColumn {
  const name = stored?.name ?? columnName(field)
  if (shape.kind === 'bytes' && (!stored || holdsType(stored.type, 'binary', widens)))
    return { field, fieldType: 'text', name, type: 'binary', select: (from) => `from_base64(${from})` }
  const { type, sql } = typedBy(shape, stored?.type, widens)
  const select =
    typeof type === 'object' ? (from: string) => sql({ json: `${from}::JSON`, path: '$' }, 0) : (from: string) => from
  return { field, fieldType: fieldTypeOf(type), name, type, select }
}

/** Returns the type of a field whose values are to go into a column: nested ones come as their JSON, bytes as base64. */
function fieldTypeOf(type: DataType): FieldType {
  if (typeof type === 'object') return 'text'
  if (type.startsWith('decimal')) return type as FieldType
  switch (type) {
    case 'byte':
    case 'short':
    case 'integer':
      return 'integer'
    case 'float':
      return 'double'
    case 'timestamp_ntz':
      return 'timestamp'
    case 'long':
    case 'double':
    case 'boolean':
    case 'date':
    case 'timestamp':
      return type
    default:
      return 'text'
  }
}

/** Returns the data set that has a column for each field of a shape, typed as the field is. */
export function describeShape(
  shape: RecordShape,
  about: { readonly topic: string; readonly format: string },
): InferredDataset {
  const columns = columnsOfShape(shape)
  return {
    description: {
      description: `Records of the topic ${about.topic}`,
      ...(about.format !== 'json' && { format: about.format }),
      fields: Object.fromEntries(columns.map(({ field, fieldType }) => [field, { type: fieldType }])),
      columns: Object.fromEntries(columns.map(({ name, type }) => [name, { type: described(type) }])),
      onSchemaChange: 'evolve',
    },
    sql: `SELECT ${columns.map(selected).join(',\n  ')}\nFROM raw\n`,
    shape,
    example: inventRecord(shape),
    rejected: spoilRecord(shape),
  }
}

function selected({ field, name, select }: FieldColumn): string {
  const from = quoteName(field)
  const value = select(from)
  return value === from && field === name ? from : `${value} AS ${quoteName(name)}`
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

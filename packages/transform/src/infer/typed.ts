import { type DataType, duckdbType, holdsType, type StructType } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { RecordShape, Shape } from '@millrace/formats'

/** The type of a column for values of a shape, and SQL that makes such a value of its JSON. */
export interface Typed {
  readonly type: DataType
  sql(from: JsonPlace, depth: number): string
}

/** A value of JSON: SQL of what it is in, and the path to it from there. */
export interface JsonPlace {
  readonly json: string
  readonly path: string
}

/**
 * Returns how values of a shape are stored: at each depth in the type that the table has there, where it has one that
 * can't become wider. What such a type can't hold is left to a cast, which rejects it. Bytes stay base64.
 */
export function typedBy(shape: Shape, stored?: DataType, widens = false): Typed {
  const above = typeof stored === 'object' ? stored : undefined
  if (shape.kind === 'record' && (stored === undefined || above?.type === 'struct')) {
    const struct = structOf(shape, above?.type === 'struct' ? above : undefined, widens)
    if (struct) return struct
  }
  if (shape.kind === 'list' && (stored === undefined || above?.type === 'array'))
    return listOf(typedBy(shape.items, above?.type === 'array' ? above.elementType : undefined))
  if (shape.kind === 'map' && (stored === undefined || above?.type === 'map'))
    return mapOf(typedBy(shape.values, above?.type === 'map' ? above.valueType : undefined))
  const wanted = simpleType(shape)
  const type = stored === undefined || holdsType(stored, wanted, widens) ? wanted : stored
  return { type, sql: (from) => `CAST(${(typeof type === 'object' ? jsonAt : textAt)(from)} AS ${duckdbType(type)})` }
}

/** Returns the type of a value that holds no others, or whose JSON is stored as a text. */
function simpleType(shape: Shape): DataType {
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
      return 'string'
  }
}

/** Names that no field of a data set or of a struct can have. */
export function isOddName(field: string): boolean {
  return field === '' || field === '__proto__'
}

/** Returns the name of the column of a field: other engines have no names with blanks, commas, brackets and the like. */
export function columnName(field: string): string {
  return field.replaceAll(/[^\p{L}\p{N}_-]/gu, '_')
}

/**
 * Returns undefined where a struct has to be its JSON: it has no fields, or several with names that differ in nothing but
 * upper and lower case. The engine's cast refuses an object that lacks a key, so objects are taken apart; what is of
 * another kind is left to the cast, which rejects it.
 */
function structOf({ fields }: RecordShape, stored: StructType | undefined, widens: boolean): Typed | undefined {
  const there = new Map(stored?.fields.map((field) => [field.name.toLowerCase(), field]))
  const named = new Map(
    Object.entries(fields).map(([name, shape]) => [columnName(name).toLowerCase(), { name, shape }] as const),
  )
  const names = Object.keys(fields)
  if (!stored && (named.size === 0 || names.some(isOddName) || named.size < names.length)) return undefined
  const kept = [...there].map(([lower, field]) => {
    const own = named.get(lower)
    return { field, own, typed: own && typedBy(own.shape, field.type, widens) }
  })
  const added = [...named].flatMap(([lower, own]) => {
    if (isOddName(own.name) || there.has(lower)) return []
    const typed = typedBy(own.shape)
    return [{ own, typed, field: { ...NULLABLE, name: columnName(own.name), type: typed.type } }]
  })
  const all = [...kept, ...added]
  const type: StructType = {
    type: 'struct',
    fields: all.map(({ field, typed }) => (typed ? { ...field, type: typed.type } : field)),
  }
  return {
    type,
    sql(from, depth) {
      const values = all.map(({ field, own, typed }) => {
        const { json, path } = from
        const value = own && typed?.sql({ json, path: `${path}.${JSON.stringify(own.name)}` }, depth)
        return `${quoteName(field.name)} := ${value ?? `NULL::${duckdbType(field.type)}`}`
      })
      const json = jsonAt(from)
      return `CASE WHEN json_type(${json}) = 'OBJECT' THEN struct_pack(${values.join(', ')}) ELSE CAST(${json} AS ${duckdbType(type)}) END`
    },
  }
}

const NULLABLE = { nullable: true, metadata: {} }

/** The engine takes `a -> b` for a lambda first, at each depth again: time would double with each. */
function jsonAt({ json, path }: JsonPlace): string {
  return path === '$' ? json : `json_extract(${json}, ${quoteText(path)})`
}

function textAt({ json, path }: JsonPlace): string {
  return `json_extract_string(${json}, ${quoteText(path)})`
}

function listOf(items: Typed): Typed {
  return {
    type: { type: 'array', elementType: items.type, containsNull: true },
    sql(from, depth) {
      const item = items.sql({ json: `e${depth}`, path: '$' }, depth + 1)
      return `list_transform(CAST(${jsonAt(from)} AS JSON[]), lambda e${depth}: ${item})`
    },
  }
}

function mapOf(values: Typed): Typed {
  return {
    type: { type: 'map', keyType: 'string', valueType: values.type, valueContainsNull: true },
    sql(from, depth) {
      const entries = `map_entries(CAST(${jsonAt(from)} AS MAP(VARCHAR, JSON)))`
      const value = values.sql({ json: `e${depth}.value`, path: '$' }, depth + 1)
      const entry = `struct_pack(k := e${depth}.key, v := ${value})`
      return `map_from_entries(list_transform(${entries}, lambda e${depth}: ${entry}))`
    },
  }
}

import { quoteName } from '@millrace/engine'
import type { Metadata, Protocol } from './actions.ts'
import { property } from './properties.ts'
import { type DataType, duckdbType, type StructField, schemaOf } from './schema.ts'

/** How columns are found in data files: by their own names, or by column mapping. */
export type ColumnMapping = 'none' | 'name' | 'id'

/** Returns the mapping mode. Some writers declare the feature for writers only; their files need the mapping too. */
function columnMapping({ protocol, metadata }: { protocol: Protocol; metadata: Metadata }): ColumnMapping {
  const features = [...(protocol.readerFeatures ?? []), ...(protocol.writerFeatures ?? [])]
  const supported = protocol.minReaderVersion === 2 || features.includes('columnMapping')
  const mode = property(metadata.configuration, 'delta.columnMapping.mode')?.trim().toLowerCase()
  return supported && (mode === 'name' || mode === 'id') ? mode : 'none'
}

/** The name of a column in data files, partition values and statistics. */
export function physicalName(field: StructField, mapping: ColumnMapping): string {
  const physical = field.metadata['delta.columnMapping.physicalName']
  return mapping === 'none' || typeof physical !== 'string' ? field.name : physical
}

export function columnId(field: StructField): number | undefined {
  const id = field.metadata['delta.columnMapping.id']
  return typeof id === 'number' ? id : undefined
}

/** The columns of a table; the values of partition columns are in the log. */
export interface TableColumns {
  readonly mapping: ColumnMapping
  readonly fields: readonly StructField[]
  isPartition(field: StructField): boolean
}

export function tableColumns(table: { protocol: Protocol; metadata: Metadata }): TableColumns {
  const partitions = new Set(table.metadata.partitionColumns.map((name) => name.toLowerCase()))
  return {
    mapping: columnMapping(table),
    fields: schemaOf(table.metadata).fields,
    isPartition: ({ name }) => partitions.has(name.toLowerCase()),
  }
}

/** Returns the type in data files: structs have physical names. */
export function fileType(type: DataType, mapping: ColumnMapping): DataType {
  if (typeof type === 'string') return type === 'variant' ? 'variant in a file' : type
  if (type.type === 'array') return { ...type, elementType: fileType(type.elementType, mapping) }
  if (type.type === 'map') {
    return { ...type, keyType: fileType(type.keyType, mapping), valueType: fileType(type.valueType, mapping) }
  }
  const fields = type.fields.map((field) => ({
    ...field,
    name: physicalName(field, mapping),
    type: fileType(field.type, mapping),
  }))
  return { ...type, fields }
}

/** Returns SQL for a variant as JSON; files that do not annotate it have its two parts as bytes. */
function variantText(sql: string): string {
  const part = (name: string) => `variant_extract(${sql}, '${name}')`
  const isParts = `variant_typeof(${sql}) IN ('OBJECT(value, metadata)', 'OBJECT(metadata, value)') AND variant_typeof(${part('metadata')}) = 'BLOB'`
  const whole = `variant_bytes_to_variant(${part('metadata')}::BLOB || ${part('value')}::BLOB)`
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE CAST(CASE WHEN ${isParts} THEN ${whole} ELSE ${sql} END AS JSON) END`
}

/** Returns SQL that turns a value of `fileType` into one with the table's own names, and variants into JSON. */
export function renamed(sql: string, type: DataType, mapping: ColumnMapping, depth = 0): string {
  if (type === 'variant') return variantText(sql)
  if (typeof type === 'string' || duckdbType(type) === duckdbType(fileType(type, mapping))) return sql
  const inner = `x${depth}`
  if (type.type === 'array') {
    return `list_transform(${sql}, lambda ${inner}: ${renamed(inner, type.elementType, mapping, depth + 1)})`
  }
  if (type.type === 'map') {
    const key = renamed(`${inner}.key`, type.keyType, mapping, depth + 1)
    const value = renamed(`${inner}.value`, type.valueType, mapping, depth + 1)
    const entry = `struct_pack(key := ${key}, value := ${value})`
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${inner}: ${entry}))`
  }
  const fields = type.fields.map((field) => {
    const member = `(${sql}).${quoteName(physicalName(field, mapping))}`
    return `${quoteName(field.name)} := ${renamed(member, field.type, mapping, depth + 1)}`
  })
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`
}

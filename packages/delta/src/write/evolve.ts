import { MillraceError } from '@millrace/base'
import type { Metadata } from '../log/actions.ts'
import { SORTED_BY } from '../log/layout.ts'
import { tableUrl } from '../log/log.ts'
import { isOn, WIDENED_BY_US } from '../log/properties.ts'
import { type DataType, decimalType, type StructField, type StructType, schemaOf } from '../log/schema.ts'
import type { Snapshot } from '../read/snapshot.ts'
import type { NewTable } from './new-table.ts'

/** The metadata under which the table takes rows of the wanted schema too; undefined when it does already. */
export function evolvedMetadata(snapshot: Snapshot, wanted: NewTable): Metadata | undefined {
  const { metadata } = snapshot
  const merge = startMerge(isWidening(snapshot))
  const stored = schemaOf(metadata)
  const schema = merge.structs(stored, wanted.schema, '')
  const partitions = wanted.partitionColumns
  if (partitions && partitions.join() !== metadata.partitionColumns.join()) {
    merge.differences.push(
      `it is partitioned by (${metadata.partitionColumns.join(', ')}), not by (${partitions.join(', ')})`,
    )
  }
  if (merge.differences.length > 0) {
    throw new MillraceError('TABLE_SCHEMA', `${tableUrl(snapshot.table)}: ${merge.differences.join('; ')}`)
  }
  if (schema !== stored && !isOn(metadata.configuration, WIDENED_BY_US)) {
    throw new MillraceError(
      'TABLE_SCHEMA',
      `${tableUrl(snapshot.table)} lacks columns of the rows, and is a table of others`,
      {
        next: `Add the columns to it, or set its property ${WIDENED_BY_US} to true.`,
      },
    )
  }
  const sortBy = wanted.sortBy && JSON.stringify(wanted.sortBy)
  const isSorted = sortBy === undefined || metadata.configuration[SORTED_BY] === sortBy
  if (schema === stored && isSorted) return undefined
  const configuration = isSorted ? metadata.configuration : { ...metadata.configuration, [SORTED_BY]: sortBy }
  return {
    ...metadata,
    schemaString: schema === stored ? metadata.schemaString : JSON.stringify(schema),
    configuration,
  }
}

/** Whether types of columns may become wider: readers must know the feature, so that is for the table's owner to say. */
export function isWidening({ protocol, metadata }: Pick<Snapshot, 'protocol' | 'metadata'>): boolean {
  const features = protocol.writerFeatures ?? []
  return features.includes('typeWidening') && isOn(metadata.configuration, 'delta.enableTypeWidening')
}

/** Walks two schemas side by side: what can be added is, what can't be brought together is a difference. */
function startMerge(widens: boolean) {
  const differences: string[] = []

  /** `stored` itself where nothing is added. */
  function structs(stored: StructType, wanted: StructType, above: string): StructType {
    const left = new Map(wanted.fields.map((field) => [field.name.toLowerCase(), field]))
    const fields = stored.fields.map((field) => {
      const same = left.get(field.name.toLowerCase())
      left.delete(field.name.toLowerCase())
      return same ? merged(field, same, above) : absent(field, above)
    })
    const added = [...left.values()].map((field) => addition(field, above))
    return added.length === 0 && fields.every((field, i) => field === stored.fields[i])
      ? stored
      : { ...stored, fields: [...fields, ...added] }
  }

  function merged(field: StructField, wanted: StructField, above: string): StructField {
    const name = above + field.name
    if (field.name !== wanted.name) differences.push(`column ${name} is written ${above}${wanted.name} here`)
    if (widens && isWider(wanted.type, field.type)) return widened(field, wanted.type)
    const type = types(field.type, wanted.type, name)
    return type === field.type ? field : { ...field, type }
  }

  function types(stored: DataType, wanted: DataType, name: string): DataType {
    if (typeof stored === 'object' && typeof wanted === 'object') {
      if (stored.type === 'struct' && wanted.type === 'struct') return structs(stored, wanted, `${name}.`)
      if (stored.type === 'array' && wanted.type === 'array') {
        const elementType = types(stored.elementType, wanted.elementType, `${name}.element`)
        return elementType === stored.elementType ? stored : { ...stored, elementType }
      }
      if (stored.type === 'map' && wanted.type === 'map') {
        const keyType = types(stored.keyType, wanted.keyType, `${name}.key`)
        const valueType = types(stored.valueType, wanted.valueType, `${name}.value`)
        return keyType === stored.keyType && valueType === stored.valueType ? stored : { ...stored, keyType, valueType }
      }
    }
    if (!fitsInto(wanted, stored)) differences.push(`column ${name} is ${nameOf(stored)}, not ${nameOf(wanted)}`)
    return stored
  }

  function absent(field: StructField, above: string): StructField {
    if (!field.nullable) differences.push(`column ${above}${field.name} must not be null, and the rows lack it`)
    return field
  }

  function addition(field: StructField, above: string): StructField {
    if (!field.nullable) differences.push(`column ${above}${field.name} is not there, and must not be null`)
    return field
  }

  return { differences, structs }
}

/** Whether a column of the stored type can take values of the other, by becoming wider where it may. */
export function holdsType(stored: DataType, type: DataType, widens: boolean): boolean {
  const merge = startMerge(widens)
  const column = (of: DataType): StructType => ({
    type: 'struct',
    fields: [{ name: 'value', type: of, nullable: true, metadata: {} }],
  })
  merge.structs(column(stored), column(type), '')
  return merge.differences.length === 0
}

const TYPE_CHANGES = 'delta.typeChanges'

/** Readers learn from the metadata which types older files have. */
function widened(field: StructField, type: DataType): StructField {
  const before = field.metadata[TYPE_CHANGES]
  const changes = [...(Array.isArray(before) ? before : []), { fromType: field.type, toType: type }]
  return { ...field, type, metadata: { ...field.metadata, [TYPE_CHANGES]: changes } }
}

/** Whether a column of the narrower type may become one of the wider. */
function isWider(wide: DataType, narrow: DataType): boolean {
  return wide !== narrow && fitsInto(narrow, wide)
}

function nameOf(type: DataType): string {
  return typeof type === 'string' ? type : type.type
}

const INTEGERS = ['byte', 'short', 'integer', 'long']

/** Whether each value of one primitive type is, unchanged, one of the other. */
function fitsInto(narrow: DataType, wide: DataType): boolean {
  if (typeof narrow === 'object' || typeof wide === 'object') return false
  if (narrow === wide) return true
  if (INTEGERS.includes(narrow) && INTEGERS.includes(wide)) return INTEGERS.indexOf(narrow) < INTEGERS.indexOf(wide)
  if (narrow === 'float' && wide === 'double') return true
  const [from, to] = [decimalType(narrow), decimalType(wide)]
  if (!from || !to) return false
  const scale = to.scale - from.scale
  return scale >= 0 && to.precision - from.precision >= scale
}

import type { DataType, StructField } from '@millrace/delta'

/** A type of Delta: a simple name such as `long` or `decimal(10,2)`, or an array, a map or a struct. */
export type ColumnType =
  | string
  | { readonly type: 'array'; readonly elementType: ColumnType; readonly containsNull?: boolean }
  | {
      readonly type: 'map'
      readonly keyType: ColumnType
      readonly valueType: ColumnType
      readonly valueContainsNull?: boolean
    }
  | { readonly type: 'struct'; readonly fields: Readonly<Record<string, ColumnDefinition>> }

export interface ColumnDefinition {
  readonly type: ColumnType
  /** Whoever reads the table sees it. */
  readonly comment?: string
}

/** Returns the columns as Delta writes them. */
export function structFields(columns: Readonly<Record<string, string | ColumnDefinition>>): StructField[] {
  return Object.entries(columns).map(([name, column]) => {
    const { type, comment }: ColumnDefinition = typeof column === 'string' ? { type: column } : column
    return { name, type: dataType(type), nullable: true, metadata: comment === undefined ? {} : { comment } }
  })
}

function dataType(type: ColumnType): DataType {
  if (typeof type === 'string') return type
  if (type.type === 'struct') return { type: 'struct', fields: structFields(type.fields) }
  if (type.type === 'array') {
    return { type: 'array', elementType: dataType(type.elementType), containsNull: type.containsNull ?? true }
  }
  return {
    type: 'map',
    keyType: dataType(type.keyType),
    valueType: dataType(type.valueType),
    valueContainsNull: type.valueContainsNull ?? true,
  }
}

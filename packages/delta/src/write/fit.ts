import {
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
} from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { Metadata } from '../log/actions.ts'
import { type DataType, type StructField, schemaOf } from '../log/schema.ts'

/** Returns the names of the query's columns. Throws if the table lacks one of them, or a field inside of one. */
export async function fittingColumns(
  connection: DuckDBConnection,
  query: string,
  metadata: Metadata,
): Promise<string[]> {
  const prepared = await connection.prepare(query)
  const columns = Array.from({ length: prepared.columnCount }, (_, i) => ({
    name: prepared.columnName(i),
    type: prepared.columnType(i),
  }))
  prepared.destroySync()
  const strange = strangersIn(columns, schemaOf(metadata).fields, '')
  if (strange.length === 0) return columns.map(({ name }) => name)
  throw new MillraceError('TABLE_SCHEMA', `the rows have what the table lacks: ${strange.join(', ')}`)
}

interface Named {
  readonly name: string
  readonly type: DuckDBType
}

function strangersIn(columns: readonly Named[], fields: readonly StructField[], above: string): string[] {
  return columns.flatMap(({ name, type }) => {
    const field = fields.find((candidate) => candidate.name === name)
    return field ? strangers(type, field.type, above + name) : [above + name]
  })
}

/** Checks structs, because a cast silently drops the fields that its target lacks. */
function strangers(type: DuckDBType, wanted: DataType, path: string): string[] {
  if (typeof wanted === 'string') return []
  if (wanted.type === 'struct' && type instanceof DuckDBStructType) {
    const entries = type.entryNames.map((name, i) => ({ name, type: type.entryTypes[i] as DuckDBType }))
    return strangersIn(entries, wanted.fields, `${path}.`)
  }
  if (wanted.type === 'array' && type instanceof DuckDBListType) {
    return strangers(type.valueType, wanted.elementType, `${path}.element`)
  }
  if (wanted.type === 'map' && type instanceof DuckDBMapType) {
    return [
      ...strangers(type.keyType, wanted.keyType, `${path}.key`),
      ...strangers(type.valueType, wanted.valueType, `${path}.value`),
    ]
  }
  return []
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteText } from '@millrace/engine'
import { columnId, physicalName, type TableColumns } from '../log/columns.ts'
import { tableUrl } from '../log/log.ts'
import type { DataType, StructField } from '../log/schema.ts'
import type { Scan } from './plan.ts'

/**
 * Where columns are found by id, DuckDB still finds the members of structs by name. Writers of Delta give them
 * their physical names; a file that came from elsewhere may not, and would be read as NULL: so it is refused.
 */
export async function refuseRenamedMembers(
  scan: Scan,
  { mapping, isPartition }: TableColumns,
  paths: readonly string[],
  connection: DuckDBConnection,
): Promise<void> {
  if (mapping !== 'id' || paths.length === 0) return
  const members = scan.columns.filter((field) => !isPartition(field)).flatMap(({ type }) => membersOf(type))
  const expected = members.flatMap((member) => {
    const id = columnId(member)
    return id === undefined ? [] : [`(${id}, ${quoteText(physicalName(member, mapping))})`]
  })
  if (expected.length === 0) return
  const found = await connection.runAndReadAll(`
    SELECT file_name, stored.name FROM parquet_schema([${paths.map(quoteText).join(', ')}]) AS stored
    JOIN (VALUES ${expected.join(', ')}) AS expected(id, name) ON stored.field_id = expected.id
    WHERE stored.name <> expected.name LIMIT 1`)
  const [other] = found.getRows()
  if (!other) return
  const { table, version } = scan.snapshot
  const file = scan.files[paths.indexOf(String(other[0]))]?.path ?? other[0]
  const what = `${tableUrl(table)} version ${version}: ${file} has another name, ${other[1]}, for a member of a struct`
  throw new MillraceError('TABLE_UNSUPPORTED', what)
}

function membersOf(type: DataType): StructField[] {
  if (typeof type === 'string') return []
  if (type.type === 'array') return membersOf(type.elementType)
  if (type.type === 'map') return [...membersOf(type.keyType), ...membersOf(type.valueType)]
  return type.fields.flatMap((field) => [field, ...membersOf(field.type)])
}

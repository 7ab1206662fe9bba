import { locateData } from '../log/log.ts'
import { duckdbType, quoteName, quoteText, schemaOf } from '../log/schema.ts'
import type { Snapshot } from './snapshot.ts'

/** The snapshot's rows as a SELECT for DuckDB. */
export function scanQuery(snapshot: Snapshot): string {
  const { fields } = schemaOf(snapshot.metadata)
  const files = [...snapshot.files.values()].map(({ path }) => locateData(snapshot.table, path))
  if (files.length === 0) {
    const columns = fields.map(({ name, type }) => `NULL::${duckdbType(type)} AS ${quoteName(name)}`)
    return `SELECT ${columns.join(', ')} WHERE false`
  }
  const columns = fields.map(({ name }) => quoteName(name)).join(', ')
  return `SELECT ${columns} FROM read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false, union_by_name = true)`
}

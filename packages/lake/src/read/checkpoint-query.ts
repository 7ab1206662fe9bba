import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { quoteText } from '../log/schema.ts'

/** Begins an add, and stands between its parts. JSON escapes it, so no other text has it. */
export const SEPARATOR = '\u001f'

/** In this order; the path is last, because it alone could hold the separator. */
type AddPart = 'partitionValues' | 'size' | 'modificationTime' | 'tags' | 'deletionVector' | 'stats' | 'path'

/**
 * A checkpoint's rows but its tombstones, a text each: fetching a value costs more than cutting it. An add is its
 * parts with separators; a protocol, metadata, txn or sidecar is JSON as in a log entry. Writers leave out the
 * columns that they don't use, so the files' own columns decide what is asked for.
 */
export async function checkpointQuery(connection: DuckDBConnection, files: readonly string[]): Promise<string> {
  const list = files.map(quoteText).join(', ')
  const source = `read_parquet([${list}], union_by_name = ${files.length > 1}, hive_partitioning = false)`
  const shape = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = new Map(shape.columnNames().map((name, i) => [name, shape.columnTypes()[i] as DuckDBType]))
  const others = ['txn', 'protocol', 'metaData', 'sidecar'].filter((name) => types.has(name))
  const json = `to_json({${others.map((name) => `${name}: ${name}`).join(', ')}})::VARCHAR`
  const isOther = others.map((name) => `${name} IS NOT NULL`).join(' OR ')
  const add = types.get('add')
  if (!(add instanceof DuckDBStructType)) return `SELECT ${json} FROM ${source} WHERE ${isOther}`
  if (others.length === 0) return `SELECT ${addText(add)} FROM ${source} WHERE add.path IS NOT NULL`
  return `SELECT CASE WHEN add.path IS NULL THEN ${json} ELSE ${addText(add)} END FROM ${source}
    WHERE add.path IS NOT NULL OR ${isOther}`
}

function addText(add: DuckDBStructType): string {
  const has = (name: string) => add.entryNames.includes(name)
  const json = (name: string) => (has(name) ? `to_json(add.${name})::VARCHAR` : 'NULL')
  const parts: Record<AddPart, string> = {
    partitionValues: json('partitionValues'),
    size: 'add.size::VARCHAR',
    modificationTime: 'add.modificationTime::VARCHAR',
    tags: json('tags'),
    deletionVector: json('deletionVector'),
    stats: `coalesce(${has('stats') ? 'add.stats' : 'NULL'}, ${json('stats_parsed')})`,
    path: 'add.path',
  }
  const separator = `chr(${SEPARATOR.charCodeAt(0)})`
  return Object.values(parts)
    .map((part) => `${separator} || coalesce(${part}, '')`)
    .join(' || ')
}

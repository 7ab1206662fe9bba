import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { quoteText } from '../log/schema.ts'

/** After each part of an add. JSON escapes it and paths are URL-encoded, so no part has it. */
export const SEPARATOR = '\u001f'

/** What an add comes as, in this order. */
export const ADD_PARTS = ['path', 'partitionValues', 'size', 'modificationTime', 'tags', 'deletionVector', 'stats']

/** Rows whose texts are joined into one: handing over a value costs more than cutting a text. */
const ROWS_A_TEXT = 16_384

/** The rows that are asked for at once, which bounds what the engine holds of them. */
export const ROWS_AT_ONCE = 8 * ROWS_A_TEXT

/**
 * What asks for the file's rows from one on: for some of them each, their adds in a text of parts, how many these
 * are, what else there is but tombstones as lines of a log entry, and how many rows that was. Writers leave out the
 * columns that they don't use, so the file's own columns decide what is asked for.
 */
export async function checkpointQuery(connection: DuckDBConnection, file: string): Promise<(from: number) => string> {
  const source = `read_parquet(${quoteText(file)}, hive_partitioning = false)`
  const shape = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = new Map(shape.columnNames().map((name, i) => [name, shape.columnTypes()[i] as DuckDBType]))
  const add = types.get('add')
  const adds = add instanceof DuckDBStructType ? `CASE WHEN add.path IS NOT NULL THEN ${addText(add)} END` : 'NULL'
  const others = ['txn', 'protocol', 'metaData', 'sidecar'].filter((name) => types.has(name))
  const isOther = others.map((name) => `${name} IS NOT NULL`).join(' OR ')
  const json = `to_json({${others.map((name) => `${name}: ${name}`).join(', ')}})::VARCHAR`
  const lines = others.length > 0 ? `CASE WHEN ${isOther} THEN ${json} END` : 'NULL'
  return (from) => `
    SELECT string_agg(file, ''), count(file), string_agg(line, chr(10)), count(*)
    FROM (SELECT ${adds} AS file, ${lines} AS line, file_row_number AS row FROM ${source}
      WHERE file_row_number BETWEEN ${from} AND ${from + ROWS_AT_ONCE - 1})
    GROUP BY row // ${ROWS_A_TEXT}`
}

function addText(add: DuckDBStructType): string {
  const has = (name: string) => add.entryNames.includes(name)
  const json = (name: string) => (has(name) ? `to_json(add.${name})::VARCHAR` : 'NULL')
  const parts: Record<string, string> = {
    path: 'add.path',
    partitionValues: json('partitionValues'),
    size: 'add.size::VARCHAR',
    modificationTime: 'add.modificationTime::VARCHAR',
    tags: json('tags'),
    deletionVector: json('deletionVector'),
    stats: `coalesce(${has('stats') ? 'add.stats' : 'NULL'}, ${json('stats_parsed')})`,
  }
  const separator = `chr(${SEPARATOR.charCodeAt(0)})`
  return `concat(${ADD_PARTS.map((name) => `${parts[name]}, ${separator}`).join(', ')})`
}

import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'

/** Separates the parts of an add. It occurs in none of them: JSON escapes it and paths are URL-encoded. */
export const SEPARATOR = '\u001f'

/** The parts of an add, in this order. */
export const ADD_PARTS = ['path', 'partitionValues', 'size', 'modificationTime', 'tags', 'deletionVector', 'stats']

/** The SQL that reads a checkpoint. Writers leave out columns that they don't use. */
export interface CheckpointQuery {
  /**
   * Writes the parts of the adds to a file, a line each. To a file and not to us: the engine holds few rows at once
   * then, and handing over a value costs more than cutting a text.
   */
  readonly addsTo: ((file: string) => string) | undefined
  /** A line of a log entry for each row that is anything else but a tombstone. */
  readonly others: string | undefined
}

export async function checkpointQuery(connection: DuckDBConnection, file: string): Promise<CheckpointQuery> {
  const source = `read_parquet(${quoteText(file)}, hive_partitioning = false)`
  const shape = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = new Map(shape.columnNames().map((name, i) => [name, shape.columnTypes()[i] as DuckDBType]))
  const add = types.get('add')
  const others = ['txn', 'protocol', 'metaData', 'sidecar'].filter((name) => types.has(name))
  const entry = others.map((name) => `${name}: ${name}`).join(', ')
  const isOther = others.map((name) => `${name} IS NOT NULL`).join(' OR ')
  return {
    addsTo: add instanceof DuckDBStructType ? (lines) => copyAdds(addText(add), source, lines) : undefined,
    others: others.length === 0 ? undefined : `SELECT to_json({${entry}})::VARCHAR FROM ${source} WHERE ${isOther}`,
  }
}

function copyAdds(text: string, source: string, lines: string): string {
  return `COPY (SELECT ${text} FROM ${source} WHERE add.path IS NOT NULL)
    TO ${quoteText(lines)} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER ${quoteText(SEPARATOR)})`
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
  return `concat(${separator}, ${ADD_PARTS.map((name) => `${parts[name]}, ${separator}`).join(', ')})`
}

import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'

/** Separates the parts of an add. It occurs in none of them: JSON escapes it and paths are URL-encoded. */
export const SEPARATOR = '\u001f'

/** The parts of an add, in this order. */
export const ADD_PARTS = ['path', 'partitionValues', 'size', 'modificationTime', 'tags', 'deletionVector', 'stats']

/**
 * Returns the statement that writes what a checkpoint holds to a file, a line for each row but tombstones: the parts of
 * an add, each between separators, or a line of a log entry and no parts. To a file and not to us: the engine holds few
 * rows at once then, and handing over a value costs more than cutting a text. Writers leave out columns that they
 * don't use. Returns undefined where none is left.
 */
export async function checkpointQuery(
  connection: DuckDBConnection,
  file: string,
): Promise<((linesFile: string) => string) | undefined> {
  const source = `read_parquet(${quoteText(file)}, hive_partitioning = false)`
  const shape = await connection.prepare(`SELECT * FROM ${source}`)
  const columns = Array.from(
    { length: shape.columnCount },
    (_, i) => [shape.columnName(i), shape.columnType(i)] as const,
  )
  shape.destroySync()
  const types = new Map<string, DuckDBType>(columns)
  const add = types.get('add')
  const others = ['txn', 'protocol', 'metaData', 'sidecar'].filter((name) => types.has(name))
  const entry = `to_json({${others.map((name) => `${name}: ${name}`).join(', ')}})::VARCHAR`
  const isOther = others.map((name) => `${name} IS NOT NULL`).join(' OR ')
  const hasAdds = add instanceof DuckDBStructType
  if (!hasAdds && others.length === 0) return undefined
  const texts = [
    ...(hasAdds ? [`WHEN add.path IS NOT NULL THEN ${addText(add)}`] : []),
    ...(others.length > 0
      ? [`WHEN ${isOther} THEN concat(${entry}, repeat(${SEPARATOR_SQL}, ${ADD_PARTS.length + 1}))`]
      : []),
  ]
  return (linesFile) => copyLines(`SELECT CASE ${texts.join(' ')} END AS line FROM ${source}`, linesFile)
}

const SEPARATOR_SQL = `chr(${SEPARATOR.charCodeAt(0)})`

function copyLines(select: string, file: string): string {
  return `COPY (SELECT line FROM (${select}) WHERE line IS NOT NULL)
    TO ${quoteText(file)} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER ${quoteText(SEPARATOR)})`
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
  return `concat(${SEPARATOR_SQL}, ${ADD_PARTS.map((name) => `${parts[name]}, ${SEPARATOR_SQL}`).join(', ')})`
}

import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { quoteText } from '../log/schema.ts'

/** The two queries over a checkpoint's Parquet files; undefined where they hold nothing of that. */
export interface CheckpointColumns {
  /** Protocol, metadata, txns, sidecars as one JSON text each. */
  readonly few: string | undefined
  /** path, partitionValues, size, modificationTime, stats, tags, deletionVector */
  readonly adds: string | undefined
}

/** Writers leave out what they don't use, so the files' own columns decide what is asked for. */
export async function checkpointColumns(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<CheckpointColumns> {
  const source = `read_parquet([${files.map(quoteText).join(', ')}], union_by_name = true, hive_partitioning = false)`
  const shape = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = new Map(shape.columnNames().map((name, i) => [name, shape.columnTypes()[i] as DuckDBType]))
  const few = ['protocol', 'metaData', 'txn', 'sidecar'].filter((name) => types.has(name))
  const add = types.get('add')
  return {
    few:
      few.length === 0
        ? undefined
        : few
            .map((name) => `SELECT to_json({${name}: ${name}}) FROM ${source} WHERE ${name} IS NOT NULL`)
            .join(' UNION ALL '),
    adds: add instanceof DuckDBStructType ? addsQuery(add, source) : undefined,
  }
}

function addsQuery(add: DuckDBStructType, source: string): string {
  const has = (name: string) => add.entryNames.includes(name)
  const json = (name: string) => (has(name) ? `to_json(add.${name})::VARCHAR` : 'NULL')
  const stats = [...(has('stats') ? ['add.stats'] : []), ...(has('stats_parsed') ? [json('stats_parsed')] : [])]
  return `SELECT add.path, ${json('partitionValues')}, add.size::DOUBLE, add.modificationTime::DOUBLE,
    ${stats.length === 0 ? 'NULL' : `coalesce(${stats.join(', ')})`}, ${json('tags')}, ${json('deletionVector')}
    FROM ${source} WHERE add.path IS NOT NULL`
}

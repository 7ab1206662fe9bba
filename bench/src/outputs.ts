import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** How DuckDB comes to all rows of a contestant's output. */
export interface RowSource {
  /** SQL to run first. */
  readonly before?: string
  readonly query: string
}

/** One table: Delta if the folder has a log, else all of its Parquet files. */
export function tableIn(folder: string): RowSource {
  if (existsSync(join(folder, '_delta_log'))) return deltaTable(folder)
  return { query: `SELECT * FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = false)` }
}

/**
 * The rows of a Delta table that has its whole log as JSON and no deletion vectors, by plain SQL over that log:
 * no engine's own idea of its table is asked.
 */
function deltaTable(path: string): RowSource {
  return {
    before: `
      CREATE TABLE log AS FROM read_json('${path}/_delta_log/*.json', format = 'newline_delimited',
        columns = {add: 'STRUCT(path VARCHAR)', remove: 'STRUCT(path VARCHAR)'});
      SET VARIABLE files = (SELECT list('${path}/' || url_decode(path)) FROM (
        SELECT add.path AS path FROM log WHERE add IS NOT NULL
        EXCEPT SELECT remove.path FROM log WHERE remove IS NOT NULL))`,
    query: "SELECT * FROM read_parquet(getvariable('files'), hive_partitioning = false)",
  }
}

export function jsonLines(path: string): RowSource {
  return { query: `SELECT * FROM read_json('${path}', format = 'newline_delimited')` }
}

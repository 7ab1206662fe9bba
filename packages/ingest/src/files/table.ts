import { dirname, resolve } from 'node:path'
import { MillraceError } from '@millrace/base'
import { openDuckDB, quoteText } from '@millrace/engine'

const READERS = {
  // Values stay text, because the data set defines their types.
  csv: (path: string) => `read_csv(${path}, header = true, all_varchar = true)`,
  parquet: (path: string) => `read_parquet(${path})`,
} as const

/** Yields the rows of a file that DuckDB reads as JSON, in order. */
export async function* tableRecords(path: string, format: keyof typeof READERS): AsyncGenerator<Uint8Array[]> {
  const duckdb = await openDuckDB({ files: [dirname(resolve(path))], keepsOrder: true })
  try {
    const connection = await duckdb.connect()
    const rows = await connection.stream(`SELECT to_json(r)::VARCHAR FROM ${READERS[format](quoteText(path))} AS r`)
    for (let chunk = await rows.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await rows.fetchChunk()) {
      yield chunk.getColumnValues(0).map((row) => Buffer.from(String(row)))
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('RECORD_INVALID', `${path} can't be read as ${format}: ${why}`, { cause })
  } finally {
    duckdb.close()
  }
}

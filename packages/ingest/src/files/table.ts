import { MillraceError } from '@millrace/base'
import { openDuckDB, quoteText } from '@millrace/engine'

const READERS = {
  // Every value as the text that it is: what it means is the data set's to say.
  csv: (path: string) => `read_csv(${path}, header = true, all_varchar = true)`,
  parquet: (path: string) => `read_parquet(${path})`,
} as const

/** The rows of a file that DuckDB reads, each as JSON, in their order. */
export async function* tableRecords(path: string, format: keyof typeof READERS): AsyncGenerator<Uint8Array[]> {
  const duckdb = await openDuckDB()
  try {
    const connection = await duckdb.connect()
    await connection.run('SET preserve_insertion_order = true')
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

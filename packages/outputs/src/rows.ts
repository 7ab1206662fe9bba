import type { DuckDBConnection, Json } from '@duckdb/node-api'
import { discardStaged, openOrCreate, type Snapshot, type StagedFile } from '@millrace/delta'
import { type Machine, quoteText } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'

/** Creates a table in memory for rows on their way to an output: the cleaner writes files for a table's columns. */
export function tableInMemory(
  { name, schema }: Pick<Dataset, 'name' | 'schema'>,
  { runtime }: Machine,
): Promise<Snapshot> {
  return openOrCreate({ store: memoryStore(new Map(), runtime), path: name }, { schema }, runtime)
}

/** Yields the rows of staged files, and deletes the files. */
export async function* readRows(
  files: readonly StagedFile[],
  { engine }: Machine,
): AsyncGenerator<readonly Record<string, Json>[]> {
  let connection: DuckDBConnection | undefined
  try {
    connection = await engine.connect()
    for (const { localPath } of files) {
      const result = await connection.stream(`SELECT * FROM read_parquet(${quoteText(localPath)})`)
      yield* result.yieldRowObjectJson()
    }
  } finally {
    connection?.closeSync()
    await Promise.all(files.map(discardStaged))
  }
}

import { systemRuntime } from '@millrace/base'
import { type StagedFile, stageParquet } from '@millrace/delta'
import type { Dataset, UseRows } from '@millrace/transform'

/** The rows become one file, of no table. */
export function intoFile(dataset: Dataset, folder: string): UseRows<StagedFile> {
  return async (query, connection) => {
    const file = await stageParquet(connection, query, dataset.schema, folder, systemRuntime)
    return { result: file, rows: `FROM read_parquet('${file.localPath}')`, discard: async () => {} }
  }
}

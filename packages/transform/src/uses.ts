import type { Runtime } from '@millrace/base'
import { discardStaged, type Snapshot, type StagedFile, stagedRows, stageRows } from '@millrace/delta'
import type { Dataset } from './dataset.ts'
import type { UseRows } from './hand-over.ts'

export interface FilesParts {
  readonly dataset: Dataset
  /** For whose columns the files are made. */
  readonly snapshot: Snapshot
  readonly workFolder: string
  readonly runtime: Runtime
  /** Starts another file when one has grown to this. */
  readonly targetBytes?: number
}

/** The rows become files on this machine, and are counted as they are read back from these. */
export function intoFiles({ dataset, snapshot, workFolder, runtime, targetBytes }: FilesParts): UseRows<StagedFile[]> {
  const columns = dataset.schema.fields.map(({ name }) => name)
  const wanted = targetBytes === undefined ? { columns } : { columns, targetBytes }
  return async (query, connection, rows) => {
    const options = { ...wanted, rows }
    const files = await stageRows(connection, query, snapshot.metadata, workFolder, runtime, options)
    return {
      result: files,
      rows: stagedRows(snapshot, files, columns),
      discard: async () => {
        await Promise.all(files.map(discardStaged))
      },
    }
  }
}

/** For those who only want to know what would become of the records. */
export const onlyCounted: UseRows<undefined> = async (query) => ({
  result: undefined,
  rows: query,
  discard: async () => {},
})

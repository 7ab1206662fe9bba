import { openWorkFolder, type Runtime } from '@millrace/base'
import { type DuckDBOptions, type Engine, openDuckDB } from './duckdb.ts'

/** Engine, scratch folder and runtime of this computer. */
export interface Machine {
  readonly engine: Engine
  /** The scratch folder: ours alone, and deleted when the work is over. */
  readonly workFolder: string
  readonly runtime: Runtime
}

/**
 * Opens an engine with a scratch folder of its own; both are gone when the machine is disposed of. Statements reach that
 * folder and `files`. The engine may still be opening: whoever connects waits for it, and hears of a failure.
 */
export async function openMachine(runtime: Runtime, files: DuckDBOptions['files']): Promise<Machine & AsyncDisposable> {
  const folder = await openWorkFolder()
  const opening = openDuckDB({ files, temporaryFolder: folder.path })
  opening.catch(() => {})
  return {
    engine: {
      connect: async (rows) => (await opening).connect(rows),
      withRoomFor: async (longest, work) => (await opening).withRoomFor(longest, work),
      notes: { collect: async (connection, work) => (await opening).notes.collect(connection, work) },
    },
    workFolder: folder.path,
    runtime,
    async [Symbol.asyncDispose]() {
      const opened = await opening.catch(() => undefined)
      opened?.close()
      await folder.close()
    },
  }
}

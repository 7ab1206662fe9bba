import { openWorkFolder, type Runtime } from '@millrace/base'
import { type DuckDB, type DuckDBOptions, openDuckDB } from './duckdb.ts'

/** Engine, scratch folder and runtime of this computer. */
export interface Machine {
  readonly engine: DuckDB
  /** The scratch folder: ours alone, and deleted when the work is over. */
  readonly workFolder: string
  readonly runtime: Runtime
}

/**
 * Opens an engine with a scratch folder of its own; both are gone when the machine is disposed of. Statements reach that
 * folder and `files`.
 */
export async function openMachine(runtime: Runtime, files: DuckDBOptions['files']): Promise<Machine & AsyncDisposable> {
  const folder = await openWorkFolder()
  try {
    const engine = await openDuckDB({ files, temporaryFolder: folder.path })
    return {
      engine,
      workFolder: folder.path,
      runtime,
      async [Symbol.asyncDispose]() {
        engine.close()
        await folder.close()
      },
    }
  } catch (error) {
    await folder.close()
    throw error
  }
}

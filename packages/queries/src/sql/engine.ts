import { dirname, resolve } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { openWorkFolder } from '@millrace/base'
import { type DuckDB, type DuckDBOptions, filesOf, openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { isOpenFunction, type Node, partsOf } from './tree.ts'

/** Engine of a session. It reaches no more files than its statements so far have needed. */
export interface SessionEngine extends AsyncDisposable {
  connection(): DuckDBConnection
  /** Lets the statements from here on reach what these SELECTs need, or all files for any other statement. */
  reachFor(tree: Node | undefined, output?: string): Promise<void>
}

export async function openSessionEngine(store: ObjectStore): Promise<SessionEngine> {
  const folder = await openWorkFolder()
  const open = async (files: DuckDBOptions['files']) => {
    const engine = await openDuckDB({ files, temporaryFolder: folder.path })
    return { engine, files, connection: await engine.connect() } satisfies Opened
  }
  let opened: Opened
  try {
    opened = await open(filesOf(store))
  } catch (error) {
    await folder.close()
    throw error
  }
  return {
    connection: () => opened.connection,
    async reachFor(tree, output) {
      const isOpen = tree === undefined || namesFiles(tree)
      if (opened.files === 'all' || (!isOpen && output === undefined)) return
      // What an engine may reach is fixed once it is open. SELECTs alone have left nothing in it that others need.
      opened.engine.close()
      opened = await open(isOpen ? 'all' : [...filesOf(store), dirname(resolve(String(output)))])
    },
    async [Symbol.asyncDispose]() {
      opened.engine.close()
      await folder.close()
    },
  }
}

interface Opened {
  readonly engine: DuckDB
  readonly files: DuckDBOptions['files']
  readonly connection: DuckDBConnection
}

/** Whether SELECTs may read files by name, as in `FROM read_csv('pins.csv')` and `FROM 'pins.csv'`. */
function namesFiles(tree: Node): boolean {
  return [...partsOf(tree)].some(
    (part) => isOpenFunction(part) || (part.type === 'BASE_TABLE' && /[./\\*?:]/.test(String(part.table_name))),
  )
}

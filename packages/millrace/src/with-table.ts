import { MillraceError, openWorkFolder, type Runtime } from '@millrace/base'
import type { Snapshot, WriteContext } from '@millrace/delta'

/** Opens a table and a place to work on it, for the length of one command. */
export async function withTable<T>(
  lake: string,
  path: string | undefined,
  runtime: Runtime,
  work: (snapshot: Snapshot, context: WriteContext) => Promise<T>,
): Promise<T> {
  if (path === undefined) throw new MillraceError('USAGE', 'this command needs the name of a table')
  const [{ openLake }, { filesOf, openDuckDB }, { openTable }] = await Promise.all([
    import('@millrace/store'),
    import('@millrace/engine'),
    import('@millrace/delta'),
  ])
  const store = await openLake(lake)
  const snapshot = await openTable({ store, path })
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `there is no table ${path} in ${lake}`)
  const folder = await openWorkFolder()
  const engine = await openDuckDB({ files: filesOf(store), temporaryFolder: folder.path })
  try {
    return await work(snapshot, { connection: await engine.connect(), folder: folder.path, runtime })
  } finally {
    engine.close()
    await folder.close()
  }
}

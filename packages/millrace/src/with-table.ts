import { MillraceError, type Runtime } from '@millrace/base'
import type { Snapshot, WriteContext } from '@millrace/delta'

/** Opens a table and a place to work on it, for the length of one command. */
export async function withTable<T>(
  lake: string,
  path: string | undefined,
  runtime: Runtime,
  work: (snapshot: Snapshot, context: WriteContext) => Promise<T>,
): Promise<T> {
  if (path === undefined) throw new MillraceError('USAGE', 'this command needs the name of a table')
  const [{ openLake }, { filesOf, openMachine }, { openTable }] = await Promise.all([
    import('@millrace/store'),
    import('@millrace/engine'),
    import('@millrace/delta'),
  ])
  const store = await openLake(lake)
  const snapshot = await openTable({ store, path })
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `there is no table ${path} in ${lake}`)
  await using machine = await openMachine(runtime, filesOf(store))
  return await work(snapshot, { connection: await machine.engine.connect(), folder: machine.workFolder, runtime })
}

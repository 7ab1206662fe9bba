import { MillraceError, type Runtime } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { actionsOf, createEntry } from './commit.ts'

/**
 * Creates a table over files of another table, which are not copied: only its log is written. For engines that read
 * tables and cannot be given a list of files. `target` must not exist.
 */
export async function shareFiles(
  target: TableRef,
  { table, metadata, protocol }: Snapshot,
  files: readonly AddFile[],
  runtime: Runtime,
): Promise<void> {
  const add = files.map((file) => ({ ...file, path: addressOf(table, file), tags: null }))
  const commitId = runtime.uuid()
  const transaction = { operation: 'CLONE', protocol, metadata: { ...metadata, id: runtime.uuid() }, add }
  if (await createEntry(target, 0, actionsOf(transaction, undefined, commitId, runtime), commitId, runtime)) return
  throw new MillraceError('INTERNAL', `${tableUrl(target)} is there already`)
}

/** An absolute URL. */
function addressOf({ store, path: root }: TableRef, { path, deletionVector }: AddFile): string {
  if (deletionVector) {
    throw new MillraceError('TABLE_UNSUPPORTED', `${store.url}/${root} has rows deleted by deletion vectors`, {
      next: 'Let the engine that made them write them out (Spark: REORG TABLE … APPLY (PURGE)), or do the work in this process.',
    })
  }
  if (/^(\/|[a-z][a-z0-9+.-]*:)/i.test(path)) return path
  return `${encodeURI(`${store.url}/${root}`)}/${path}`
}

import { MillraceError, type Runtime } from '@millrace/base'
import type { CommitInfo } from '../log/actions.ts'
import { tableUrl } from '../log/log.ts'
import { missingFiles } from '../read/missing-files.ts'
import { openTable, type Snapshot } from '../read/snapshot.ts'
import { instantOf } from './age.ts'
import { type CommitResult, commit } from './commit.ts'
import { type ProgressChoice, progressAfterRemoval } from './progress.ts'
import { removalOf } from './removal.ts'

/** The table as it was at an older version, as a new version with this `info`: nothing in between is forgotten. */
export async function restoreTable(
  snapshot: Snapshot,
  version: number,
  runtime: Runtime,
  progress?: ProgressChoice,
  info: CommitInfo = {},
): Promise<CommitResult> {
  const since = instantOf(runtime)
  const target = await openTable(snapshot.table, version)
  if (!target) throw new MillraceError('TABLE_NOT_FOUND', `${tableUrl(snapshot.table)} has no version ${version}`)
  const vectorOf = (of: Snapshot, key: string) => JSON.stringify(of.files.get(key)?.deletionVector ?? null)
  const differs = (key: string) => vectorOf(snapshot, key) !== vectorOf(target, key)
  const back = target.files.entries().filter(([key]) => !snapshot.files.has(key) || differs(key))
  const gone = snapshot.files.entries().filter(([key]) => !target.files.has(key) || differs(key))
  const add = [...back].map(([, file]) => ({ ...file, dataChange: true }))
  await refuseMissing(
    snapshot,
    add.map(({ path }) => path),
  )
  return commit(
    snapshot,
    {
      operation: 'RESTORE',
      info,
      parameters: { version: String(version) },
      add,
      remove: [...gone].map(([, file]) => removalOf(file, since.wall)),
      txn: progressAfterRemoval(snapshot, progress, since.wall, target),
      ...(target.metadata.schemaString === snapshot.metadata.schemaString ? {} : { metadata: target.metadata }),
      reads: () => true,
      since,
    },
    runtime,
  )
}

/** Vacuum may have taken what an older version needs. */
async function refuseMissing({ table }: Snapshot, paths: readonly string[]): Promise<void> {
  const [example, ...more] = await missingFiles(table, paths)
  if (example === undefined) return
  throw new MillraceError(
    'TABLE_BROKEN',
    `${tableUrl(table)}: ${more.length + 1} files are gone by vacuum: ${example} …`,
    {
      next: 'Restore a newer version, whose files are still there.',
    },
  )
}

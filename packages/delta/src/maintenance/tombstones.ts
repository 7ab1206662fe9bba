import { MillraceError } from '@millrace/base'
import type { RowGroup } from 'hyparquet'
import type { RemoveFile } from '../log/actions.ts'
import { checkedRemove } from '../log/checked-action.ts'
import { type Checkpoint, checkpointHint, listLog } from '../log/listing.ts'
import { readCommit, type TableRef, tableUrl } from '../log/log.ts'
import { readNamed } from '../read/checkpoint-adds.ts'
import { readCheckpointFiles } from '../read/checkpoint-files.ts'
import { inOrder } from '../read/in-order.ts'
import type { ParquetFile } from '../read/parquet/file.ts'
import { fileKey } from '../read/replay.ts'
import type { Snapshot } from '../read/snapshot.ts'

const READS_AT_ONCE = 16

/**
 * Returns files that were removed after `since` and not added again: readers of older versions still need them. A
 * snapshot does not have them, so they are read here, from the newest checkpoint up to it and the commits after that.
 */
export async function tombstonesSince(snapshot: Snapshot, since: number): Promise<RemoveFile[]> {
  const { table, version } = snapshot
  const hint = (await checkpointHint(table))?.version ?? 0
  const listing = await listLog(table, hint <= version ? hint : 0)
  const checkpoint = listing.checkpoints.filter((candidate) => candidate.version <= version).at(-1)
  const found = new Map<string, RemoveFile>()
  const keep = (remove: RemoveFile) => {
    if ((remove.deletionTimestamp ?? 0) > since) found.set(logicalKey(table, remove), remove)
  }
  if (checkpoint) await readRemoves(table, checkpoint, since, keep)
  const newer = [...listing.commits].filter((entry) => entry > (checkpoint?.version ?? -1) && entry <= version)
  for await (const actions of inOrder(newer, READS_AT_ONCE, (entry) => readCommit(table, entry))) {
    for (const remove of actions?.remove ?? []) keep(remove)
  }
  for (const file of snapshot.files.values()) found.delete(logicalKey(table, file))
  return [...found.values()]
}

function logicalKey(table: TableRef, { path, deletionVector }: Pick<RemoveFile, 'path' | 'deletionVector'>): string {
  const { storageType = '', pathOrInlineDv = '', offset } = deletionVector ?? {}
  return `${fileKey(table, path)} ${storageType}${pathOrInlineDv}@${offset ?? ''}`
}

async function readRemoves(
  table: TableRef,
  checkpoint: Checkpoint,
  since: number,
  keep: (remove: RemoveFile) => void,
): Promise<void> {
  const outcome = await readCheckpointFiles(table, checkpoint, {
    apply: ({ remove }) => remove.forEach(keep),
    readGroup: async (file, group, where) => {
      if (!(await isAnySince(file, group, since))) return
      const { values } = await readNamed(file, group, 'remove')
      for (const remove of values) keep(checkedRemove(remove as Readonly<Record<string, unknown>>, where))
    },
  })
  if (outcome === 'gone')
    throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log goes away while it is read`)
}

/** Whether the group has a file removed after `since`: most of those that a checkpoint keeps may be older. */
async function isAnySince(file: ParquetFile, group: RowGroup, since: number): Promise<boolean> {
  const { values } = await readNamed(file, group, 'remove', 'deletionTimestamp')
  return values.some((time) => Number(time) > since)
}

import type { AddFile } from '../log/actions.ts'
import { locationOf, readCommit } from '../log/log.ts'
import { inOrder } from './in-order.ts'
import { fileKey } from './replay.ts'
import type { Snapshot } from './snapshot.ts'

const READS_AT_ONCE = 16

/**
 * Returns the files that added rows after a version, also those that have been compacted since. Returns undefined if
 * they do not all exist any more, or if rows were deleted or changed as well: then the whole table must be read.
 */
export async function addedSince(snapshot: Snapshot, after: number): Promise<AddFile[] | undefined> {
  const versions = Array.from({ length: Math.max(0, snapshot.version - after) }, (_, i) => after + 1 + i)
  const added: AddFile[] = []
  for await (const actions of inOrder(versions, READS_AT_ONCE, (version) => readCommit(snapshot.table, version))) {
    if (!actions || actions.remove.some(({ dataChange }) => dataChange)) return undefined
    added.push(...actions.add.filter(({ dataChange }) => dataChange))
  }
  for await (const there of inOrder(added, READS_AT_ONCE, (file) => isThere(snapshot, file))) {
    if (!there) return undefined
  }
  return added
}

async function isThere({ table, files }: Snapshot, { path }: AddFile): Promise<boolean> {
  if (files.has(fileKey(table, path))) return true
  const place = locationOf(table, path)
  return 'key' in place && (await table.store.get(place.key, { offset: 0, length: 1 })) !== undefined
}

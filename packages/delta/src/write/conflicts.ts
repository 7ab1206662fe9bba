import type { AddFile, Metadata } from '../log/actions.ts'
import { feedsChanges } from '../log/properties.ts'
import { type StructType, schemaOf } from '../log/schema.ts'
import { fileKey } from '../read/replay.ts'
import { cameByAppend, type Snapshot } from '../read/snapshot.ts'
import { rowRefusal } from './rules/row-rules.ts'
import type { Transaction } from './transaction.ts'

/** Why a transaction that was right for its snapshot is wrong for the newest one. */
export type ConflictReason =
  /** Somebody raised the protocol, and so do we. */
  | 'protocol'
  /** The schema, the partitioning or what the table asks of a row is another. */
  | 'metadata'
  /** A file came that we would have read. */
  | 'added'
  /** A file went that we read or wanted to remove. */
  | 'removed'
  /** Somebody moved the progress that we move. */
  | 'progress'
  /** We slept so long that files or log entries may have been cleaned away. */
  | 'stale'
  /** Others were faster, again and again. */
  | 'contended'

/** Returns why the transaction conflicts; undefined if what it depends on is unchanged since the snapshot that it saw. */
export function conflictBetween(
  seen: Snapshot,
  latest: Snapshot,
  transaction: Transaction,
): ConflictReason | undefined {
  if (latest === seen) return undefined
  if (transaction.protocol && latest.protocol !== seen.protocol) return 'protocol'
  if (!metadataHolds(seen, latest, transaction)) return 'metadata'
  if ((transaction.readsTxns ?? []).some((appId) => seen.txns.get(appId) !== latest.txns.get(appId))) return 'added'
  if ((transaction.txn ?? []).some(({ appId }) => seen.txns.get(appId) !== latest.txns.get(appId))) return 'progress'
  if ((transaction.remove ?? []).some(({ path }) => !sameFile(seen, latest, fileKey(latest.table, path))))
    return 'removed'
  return transaction.reads && readsBroken(seen, latest, transaction.reads, transaction.toleratesAppends ?? false)
}

function metadataHolds(seen: Snapshot, latest: Snapshot, transaction: Transaction): boolean {
  if (latest.metadata === seen.metadata) return true
  if (transaction.metadata) return false
  const bringsRows = (transaction.add ?? []).some(({ dataChange }) => dataChange)
  if (bringsRows && rowRefusal(seen.metadata) !== rowRefusal(latest.metadata)) return false
  // Without change files, readers of the feed would take rows that were only copied for changes.
  const removesRows = (transaction.remove ?? []).some(({ dataChange }) => dataChange)
  if (removesRows && feedsChanges(seen.metadata) !== feedsChanges(latest.metadata)) return false
  const appendOnly = !transaction.reads && (transaction.remove ?? []).length === 0
  return sameLayout(seen.metadata, latest.metadata, appendOnly)
}

/** Whether files written for the one table are files of the other; `widened`: or the other has more columns. */
function sameLayout(before: Metadata, after: Metadata, widened: boolean): boolean {
  if (before.id !== after.id) return false
  if (JSON.stringify(before.partitionColumns) !== JSON.stringify(after.partitionColumns)) return false
  if (before.schemaString === after.schemaString) return true
  return widened && holds(schemaOf(after), schemaOf(before))
}

/** Whether files with the columns of the one are files of the other, which may have more. */
export function holds(wide: StructType, narrow: StructType): boolean {
  const fields = new Map(wide.fields.map((field) => [field.name, field]))
  for (const field of narrow.fields) {
    const same = fields.get(field.name)
    if (!same || JSON.stringify([same.type, same.nullable]) !== JSON.stringify([field.type, field.nullable]))
      return false
    fields.delete(field.name)
  }
  return [...fields.values()].every(({ nullable }) => nullable)
}

function sameFile(seen: Snapshot, latest: Snapshot, key: string): boolean {
  const [before, after] = [seen.files.get(key), latest.files.get(key)]
  return after !== undefined && vectorOf(before) === vectorOf(after)
}

function vectorOf(file: AddFile | undefined): string {
  return JSON.stringify(file?.deletionVector ?? null)
}

function readsBroken(
  seen: Snapshot,
  latest: Snapshot,
  reads: (file: AddFile) => boolean,
  toleratesAppends: boolean,
): ConflictReason | undefined {
  for (const [key, file] of seen.files.entries()) {
    if (reads(file) && !sameFile(seen, latest, key)) return 'removed'
  }
  for (const [key, file] of latest.files.entries()) {
    const isTolerated = toleratesAppends && cameByAppend(file)
    if (!seen.files.has(key) && !isTolerated && reads(file)) return 'added'
  }
  return undefined
}

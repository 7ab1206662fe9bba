import type { Runtime } from '@millrace/base'
import { listLogWithTimes, type TimedLogListing } from '../log/listing.ts'
import { logKey, type TableRef, versionName } from '../log/log.ts'
import { cleansLog } from '../log/properties.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { logRetention } from '../write/retention.ts'
import { refuseUnwritable } from '../write/writable.ts'

/** Kept whatever the retention: a writer that was suspended must find the log unchanged, or notice that it was suspended. */
const ALWAYS_KEPT_MS = 60 * 60_000

/**
 * Saves what is still needed from the commits of these versions, in ascending order, before they are removed. Returns
 * false if it could not: then nothing is removed.
 */
export type BeforeRemoval = (table: TableRef, versions: readonly number[]) => Promise<boolean>

/**
 * Deletes entries that no version within the retention needs: those before a checkpoint that has itself expired.
 * A table may forbid it by `delta.enableExpiredLogCleanup`. Returns how many objects were deleted.
 */
export async function cleanLog(snapshot: Snapshot, runtime: Runtime, before: BeforeRemoval): Promise<number> {
  refuseUnwritable(snapshot)
  const { table, metadata } = snapshot
  if (!cleansLog(metadata.configuration)) return 0
  const expiry = runtime.now() - Math.max(logRetention(metadata), ALWAYS_KEPT_MS)
  const listing = await listLogWithTimes(table, 0)
  const first = firstKept(listing, expiry)
  if (first === undefined) return 0
  const going = [...listing.commits].filter((version) => version < first)
  if (!(await before(table, going))) return 0
  runtime.crashPoint('ledger kept')
  return deleteBefore(table, first, expiry)
}

/** Returns the newest checkpoint that is no newer than the newest expired commit; undefined if nothing can be deleted. */
function firstKept({ times, checkpoints }: TimedLogListing, expiry: number): number | undefined {
  const expired = [...times].filter(([, modified]) => modified <= expiry).at(-1)?.[0]
  if (expired === undefined) return undefined
  return checkpoints.filter(({ version }) => version <= expired).at(-1)?.version
}

const VERSIONED = /^(\d{20})\.(json|crc|checkpoint\..*parquet|checkpoint\..*json|\d{20}\.compacted\.json)$/

/** Deletes the oldest entries first, so that the rest of the log never has a gap. */
async function deleteBefore(table: TableRef, first: number, expiry: number): Promise<number> {
  const prefix = logKey(table, '')
  let deleted = 0
  for await (const { key, modified } of table.store.list(prefix)) {
    const name = key.slice(prefix.length)
    if (name >= versionName(first)) break
    if (!VERSIONED.test(name) || modified > expiry) continue
    await table.store.delete(key)
    deleted++
  }
  return deleted
}

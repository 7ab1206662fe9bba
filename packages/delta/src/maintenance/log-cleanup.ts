import type { Runtime } from '@millrace/base'
import { listLogWithTimes, type TimedLogListing } from '../log/listing.ts'
import { logKey, type TableRef, versionName } from '../log/log.ts'
import { cleansLog } from '../log/properties.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { logRetention } from '../write/retention.ts'
import { refuseUnwritable } from '../write/writable.ts'

/** Whatever is set: a sleeping writer must find the log as it left it, or find out that it slept. */
const ALWAYS_KEPT_MS = 60 * 60_000

/**
 * Keeps what is wanted of the commits of these versions, which are in ascending order and about to be removed. False:
 * that was not possible, and nothing is removed.
 */
export type BeforeRemoval = (table: TableRef, versions: readonly number[]) => Promise<boolean>

/**
 * Removes entries that no version within the retention needs: those before a checkpoint that is itself past it.
 * A table of others may forbid it: `delta.enableExpiredLogCleanup`. Returns how many objects went.
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

/** The newest checkpoint not newer than the newest commit that has expired. Undefined: nothing can go. */
function firstKept({ times, checkpoints }: TimedLogListing, expiry: number): number | undefined {
  const expired = [...times].filter(([, modified]) => modified <= expiry).at(-1)?.[0]
  if (expired === undefined) return undefined
  return checkpoints.filter(({ version }) => version <= expired).at(-1)?.version
}

const VERSIONED = /^(\d{20})\.(json|crc|checkpoint\..*parquet|checkpoint\..*json|\d{20}\.compacted\.json)$/

/** The oldest first, so that what is left never has a hole. */
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

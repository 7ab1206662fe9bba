import type { Runtime } from '@millrace/base'
import { type ObjectStore, openLeases } from '@millrace/store'

/** Which tables this worker maintains: of all workers on a lake one does it, and when that one is gone, another. */
export interface MaintenanceShare {
  mine(table: string): boolean
  close(): Promise<void>
}

/** Nothing here is in a hurry, and every look costs the store requests. */
const EXPIRY_MS = 60_000
/** A store that does not answer must not hold up the end. */
const CLOSE_WITHIN_MS = 3_000

const SUFFIX = '/maintenance'

export async function shareMaintenance(
  store: ObjectStore,
  tables: readonly string[],
  runtime: Runtime,
): Promise<MaintenanceShare> {
  const mine = new Set<string>()
  const listener = {
    async gained(names: readonly string[]) {
      for (const name of names) mine.add(name.slice(0, -SUFFIX.length))
    },
    async lost(names: readonly string[]) {
      for (const name of names) mine.delete(name.slice(0, -SUFFIX.length))
    },
  }
  const leases = openLeases(store, '_millrace/maintenance', { listener, expiryMs: EXPIRY_MS }, runtime)
  // What fails here is tried again at every look.
  await leases.share(tables.map((table) => table + SUFFIX)).catch(() => {})
  return {
    mine: (table) => mine.has(table),
    async close() {
      const closed = leases.close().catch(() => {})
      const late = new AbortController()
      await Promise.race([closed, runtime.sleep(CLOSE_WITHIN_MS, late.signal).catch(() => {})])
      late.abort()
    },
  }
}

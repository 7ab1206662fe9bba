import type { Runtime } from '@millrace/base'
import { type ObjectStore, openLeases } from '@millrace/store'

/** Decides which tables this worker maintains: one of all workers on a lake, and another when that one is gone. */
export interface MaintenanceShare {
  mine(table: string): boolean
  close(): Promise<void>
}

/** Long, as maintenance is not urgent and every round costs requests to the store. */
const EXPIRY_MS = 60_000
/** Maximum wait for the store when closing. */
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
  // Failures are retried in every round.
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

import type { Runtime } from '@millrace/base'
import { parseLsn } from './position.ts'
import type { Server } from './server.ts'

const ASK_AGAIN_MS = 20

/** Returns where the log ends that can be read now. */
export async function logEnd(server: Server): Promise<bigint> {
  const [row] = await server.rows('SELECT pg_current_wal_flush_lsn()')
  return parseLsn(row?.[0] ?? '0/0')
}

/**
 * Returns a place in the log whose changes, and all before it, are seen by whoever reads the table from now on. A
 * commit is in the log a moment before it can be seen: so the transactions that run now are waited for, as the making
 * of a slot does.
 */
export async function startLsn(server: Server, runtime: Runtime): Promise<bigint> {
  const lsn = await logEnd(server)
  const [now] = await server.rows('SELECT pg_snapshot_xmax(pg_current_snapshot())')
  const running = BigInt(now?.[0] ?? 0)
  for (;;) {
    const [row] = await server.rows('SELECT pg_snapshot_xmin(pg_current_snapshot())')
    if (BigInt(row?.[0] ?? 0) >= running) return lsn
    await runtime.sleep(ASK_AGAIN_MS)
  }
}

import { MillraceError, type Runtime } from '@millrace/base'
import { parseLsn } from './position.ts'
import type { Server } from './server/server.ts'

const ASK_AGAIN_MS = 20
const SILENT_MS = 20_000

/** Returns where the log ends that can be read now. */
export async function logEnd(server: Server): Promise<bigint> {
  const [row] = await server.rows('SELECT pg_current_wal_flush_lsn()')
  return parseLsn(row?.[0] ?? '0/0')
}

export interface Start {
  readonly lsn: bigint
  /** What the table looked like before the log ended there, or earlier. */
  readonly shape: bigint
  /** When the log ended there, in milliseconds since 1970. */
  readonly time: bigint
}

/** A place in the log, and the number of a transaction that began behind it. */
interface BegunStart extends Start {
  readonly xid: bigint
}

/**
 * Finds a place in the log, not before `from`, such that every change up to it is visible to later reads of the table.
 * `shape` is the table's shape as it was just read.
 */
export type FindStart = (shape: bigint, from?: bigint) => Promise<Start>

/**
 * Waits for the transactions that run at that moment, as creating a slot does: a commit is in the log a moment before it
 * becomes visible.
 */
export function startFinder(server: Server, topic: string, runtime: Runtime): FindStart {
  /** The place that an earlier call began to wait for: the next call waits for no newer transactions. */
  let begun: BegunStart | undefined
  const begin = async (shape: bigint): Promise<BegunStart> => {
    const lsn = await logEnd(server)
    const [row] = await server.rows('SELECT pg_current_xact_id(), floor(extract(epoch FROM clock_timestamp()) * 1000)')
    return { lsn, shape, xid: BigInt(row?.[0] ?? 0), time: BigInt(row?.[1] ?? 0) }
  }
  return async (shape, from = 0n) => {
    const start = begun && begun.lsn >= from ? begun : await begin(shape)
    begun = start
    const until = runtime.monotonic() + SILENT_MS
    while (runtime.monotonic() < until) {
      const [row] = await server.rows('SELECT pg_snapshot_xmin(pg_current_snapshot())')
      if (BigInt(row?.[0] ?? 0) > start.xid) {
        begun = undefined
        return { lsn: start.lsn, time: start.time, shape: start.shape }
      }
      await runtime.sleep(ASK_AGAIN_MS)
    }
    throw new MillraceError('SOURCE_UNREACHABLE', `${topic} is read when the transactions are over that run there`, {
      next: 'It begins by itself then. pg_stat_activity shows them: look for the oldest xact_start.',
    })
  }
}

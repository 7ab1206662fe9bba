import {
  type AddFile,
  checkpointIsDue,
  cleanLog,
  hasLostRows,
  optimizeTable,
  partitionOf,
  refresh,
  type Snapshot,
  vacuumTable,
  type WriteContext,
  writeCheckpoint,
} from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { keepLedger } from '../ledger/kept.ts'
import type { MaintenanceTask } from '../output.ts'
import type { ProgressTable } from './progress-table.ts'
import type { Tombstones } from './tombstones.ts'

type TableTask = Omit<MaintenanceTask, 'run'> & {
  run(snapshot: Snapshot, context: WriteContext, signal: AbortSignal, sortBy?: readonly string[]): Promise<boolean>
}

/** What maintenance has to know of a keyed table. */
export interface KeyedMaintenance {
  /** Rows are sorted by it when files are made into larger ones: then few files hold a key. */
  readonly key: readonly string[]
  readonly tombstones: Tombstones
}

const SMALL_FILE_BYTES = 16 << 20
const SMALL_FILES_AT_MOST = 63
/** Delta's own: below it, reading past the rows that are marked costs less than writing the others anew. */
const DELETED_SHARE = 0.05
const MINUTE = 60_000

/** Returns how many small files could become part of another one, which is of the same partition. */
function mergeable(files: readonly AddFile[]): number {
  const small = new Map<string, number>()
  for (const file of files) {
    if (file.size >= SMALL_FILE_BYTES) continue
    const partition = partitionOf(file)
    small.set(partition, (small.get(partition) ?? 0) + 1)
  }
  return small.values().reduce((sum, count) => sum + count - 1, 0)
}

const TASKS: readonly TableTask[] = [
  {
    name: 'checkpoint',
    everyMs: MINUTE / 4,
    run: async (snapshot, context) =>
      (await checkpointIsDue(snapshot.table)) && (await writeCheckpoint(snapshot, context)),
  },
  {
    name: 'optimize',
    everyMs: MINUTE,
    async run(snapshot, context, signal, sortBy) {
      const files = [...snapshot.files.values()]
      const hasFewSmall = mergeable(files) <= SMALL_FILES_AT_MOST
      if (hasFewSmall && !files.some((file) => hasLostRows(file, DELETED_SHARE))) return false
      const options = { signal, deletedShare: DELETED_SHARE, ...(sortBy && { sortBy }) }
      const { addedFiles } = await optimizeTable(snapshot, context, options)
      return addedFiles > 0
    },
  },
  {
    name: 'clean log',
    everyMs: 60 * MINUTE,
    run: async (snapshot, { runtime }) => (await cleanLog(snapshot, runtime, keepLedger)) > 0,
  },
  {
    name: 'vacuum',
    everyMs: 24 * 60 * MINUTE,
    run: async (snapshot, context) => (await vacuumTable(snapshot, context)).keys.length > 0,
  },
]

/**
 * Returns the maintenance tasks of a table, or of one that may not be there yet. If two workers run the same one, a
 * conflict decides.
 */
export function maintenanceTasks(
  tableNow: () => ProgressTable | undefined,
  { engine, workFolder: folder, runtime }: Machine,
  keyed?: KeyedMaintenance,
): MaintenanceTask[] {
  return TASKS.map(({ name, everyMs, run }) => ({
    name,
    everyMs,
    async run(signal) {
      const table = tableNow()
      if (!table) return false
      const connection = await engine.connect()
      const context = { connection, folder, runtime }
      try {
        // The worker's own snapshot may be old where others commit.
        const done = await run(await refresh(table.snapshot()), context, signal, keyed?.key)
        if (!keyed) return done
        const expired = name === 'vacuum' && (await keyed.tombstones.expire(context))
        const buried = await keyed.tombstones.read()
        return [done, expired, buried !== undefined && (await run(buried, context, signal, keyed.key))].includes(true)
      } finally {
        connection.closeSync()
      }
    },
  }))
}

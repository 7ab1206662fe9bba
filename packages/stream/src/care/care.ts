import type { Runtime } from '@millrace/base'
import {
  checkpointIsDue,
  cleanLog,
  optimizeTable,
  refresh,
  type Snapshot,
  vacuumTable,
  writeCheckpoint,
} from '@millrace/delta'
import type { DuckDB } from '@millrace/engine'
import { keepLedger } from '../ledger/kept.ts'
import type { ProgressTable } from '../tables/progress-table.ts'
import type { CareShare } from './share.ts'

/** What was done for a table's health, that there was nothing to do, or why it could not be done. */
export interface CareEvent {
  readonly table: string
  readonly chore: 'checkpoint' | 'optimize' | 'clean log' | 'vacuum'
  readonly outcome: 'done' | 'nothing to do' | 'failed'
  readonly ms: number
  readonly error?: unknown
}

export interface CareParts {
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
  readonly onCare: (event: CareEvent) => void
}

interface Chore {
  readonly does: CareEvent['chore']
  readonly everyMs: number
  /** Answers whether there was anything to do. */
  run(snapshot: Snapshot, workshop: Workshop, signal: AbortSignal): Promise<boolean>
}

type Workshop = Parameters<typeof writeCheckpoint>[1]

const SMALL_FILE_BYTES = 16 << 20
const SMALL_FILES_AT_MOST = 64
const MINUTE = 60_000

const CHORES: readonly Chore[] = [
  {
    does: 'checkpoint',
    everyMs: MINUTE / 4,
    run: async (snapshot, workshop) =>
      (await checkpointIsDue(snapshot.table)) && (await writeCheckpoint(snapshot, workshop)),
  },
  {
    does: 'optimize',
    everyMs: MINUTE,
    async run(snapshot, workshop, signal) {
      const files = [...snapshot.files.values()]
      if (files.filter(({ size }) => size < SMALL_FILE_BYTES).length <= SMALL_FILES_AT_MOST) return false
      const { addedFiles } = await optimizeTable(snapshot, workshop, { signal })
      return addedFiles > 0
    },
  },
  {
    does: 'clean log',
    everyMs: 60 * MINUTE,
    run: async (snapshot, { runtime }) => (await cleanLog(snapshot, runtime, keepLedger)) > 0,
  },
  {
    does: 'vacuum',
    everyMs: 24 * 60 * MINUTE,
    run: async (snapshot, workshop) => (await vacuumTable(snapshot, workshop)).keys.length > 0,
  },
]

const ROUND_MS = 5_000

/**
 * Keeps tables healthy beside the commits, never in their way. One worker of several does it; all of it is safe when
 * two do it at once for a while: whatever they cross in is a conflict that one of them loses.
 */
export async function lookAfter(
  tables: readonly ProgressTable[],
  share: CareShare,
  parts: CareParts,
  signal: AbortSignal,
): Promise<void> {
  const { runtime } = parts
  const doneAt = new Map<Chore, number>(CHORES.map((chore) => [chore, runtime.monotonic()]))
  while (!signal.aborted) {
    await runtime.sleep(ROUND_MS, signal).catch(() => {})
    for (const chore of CHORES) {
      if (signal.aborted || runtime.monotonic() - (doneAt.get(chore) ?? 0) < chore.everyMs) continue
      doneAt.set(chore, runtime.monotonic())
      for (const table of tables) if (share.mine(table.ref.path)) await runChore(chore, table, parts, signal)
    }
  }
}

/** For a worker that does not stay: whatever is due, once. */
export async function lookAfterOnce(
  tables: readonly ProgressTable[],
  parts: CareParts,
  signal: AbortSignal,
): Promise<void> {
  for (const chore of CHORES) for (const table of tables) await runChore(chore, table, parts, signal)
}

async function runChore(chore: Chore, table: ProgressTable, parts: CareParts, signal: AbortSignal): Promise<void> {
  const { engine, workFolder: folder, runtime, onCare } = parts
  const connection = await engine.connect()
  const begun = runtime.monotonic()
  const ended = () => ({ table: table.ref.path, chore: chore.does, ms: runtime.monotonic() - begun })
  try {
    // The worker's own may be old where others commit.
    const snapshot = await refresh(table.snapshot())
    const didSomething = await chore.run(snapshot, { connection, folder, runtime }, signal)
    onCare({ ...ended(), outcome: didSomething ? 'done' : 'nothing to do' })
  } catch (error) {
    // A chore that fails is tried again in its next round; the stream goes on.
    if (!signal.aborted) onCare({ ...ended(), outcome: 'failed', error })
  } finally {
    connection.closeSync()
  }
}

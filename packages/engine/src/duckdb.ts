import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { type DuckDBConnection, DuckDBInstance, type DuckDBResultReader } from '@duckdb/node-api'
import bindings, { type PendingResult } from '@duckdb/node-bindings'
import { createTurns, openWorkFolder } from '@millrace/base'
import { confine } from './confine.ts'
import { createNotes, type Notes } from './notes.ts'

export interface DuckDBOptions {
  /**
   * Which files statements may read and write: all, for SQL of whoever runs the command; otherwise those in these folders
   * and places of S3, and in the engine's own temporary folder.
   */
  readonly files: 'all' | readonly string[]
  /** Whether rows come in the order in which they were read. False unless given: it costs memory. */
  readonly keepsOrder?: boolean
  readonly threads?: number
  /** In DuckDB's syntax: `512MB`. */
  readonly memoryLimit?: string
  /** A new one, which ends with the engine, unless given. */
  readonly temporaryFolder?: string
}

export interface DuckDB {
  connect(): Promise<DuckDBConnection>
  /**
   * Runs work on values, of which the longest has so many bytes. Work on long ones waits for its turn: a statement holds
   * such a value several times, and two of them together would pass the memory limit.
   */
  withRoomFor<T>(longest: number, work: () => Promise<T>): Promise<T>
  readonly notes: Notes
  close(): void
}

/** A longer value is worked on in turn. */
const LONG_VALUE = 4 << 20

/** Opens an engine. Every connection thinks in UTC: text without a zone means that, whatever TZ says. */
export async function openDuckDB(options: DuckDBOptions): Promise<DuckDB> {
  const own = options.temporaryFolder === undefined ? (await openWorkFolder()).path : undefined
  const temporaryFolder = options.temporaryFolder ?? String(own)
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: options.memoryLimit ?? '512MB',
    // Every thread is the engine's own: see `runBeside`.
    external_threads: '0',
    // The page cache has the files already: the engine would keep them a second time, up to its limit.
    enable_external_file_cache: 'false',
    // Memory of long values goes back to the system when it is freed: it is some 300 MB of a worker that reads such.
    allocator_bulk_deallocation_flush_threshold: '32MiB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: String(options.keepsOrder ?? false),
    temp_directory: temporaryFolder,
  })
  const first = await instance.connect()
  await first.run("SET GLOBAL TimeZone = 'UTC'")
  if (options.files !== 'all') await confine(first, [temporaryFolder, ...options.files])
  first.closeSync()
  const inTurn = createTurns()
  return {
    connect: () => instance.connect(),
    withRoomFor: (longest, work) => (longest > LONG_VALUE ? inTurn(work) : work()),
    notes: createNotes(),
    close() {
      instance.closeSync()
      if (own !== undefined) rmSync(own, { recursive: true, force: true })
    },
  }
}

/** Returns the engine's temporary folder, in which every statement may read and write. */
export async function temporaryFolderOf(connection: DuckDBConnection): Promise<string> {
  const reader = await connection.runAndReadAll(`SELECT current_setting('temp_directory')`)
  return String(reader.getRows()[0]?.[0])
}

/** A look costs 20 µs of CPU time: they become rarer, the longer a statement runs. */
const LOOK_EVERY = { leastMs: 1, mostMs: 4, growth: 1.05 }

/** At or below this many rows, polling costs more than a spinning thread. */
const FEW_ROWS = 2_048

/**
 * Runs a heavy statement on the engine's threads and polls until it is done. `connection.run` would take one of Node's
 * few threads for it, which spins on a core of its own whenever the engine's threads have taken all the work: a sixth
 * of a busy worker's CPU. For few `rows` it does so all the same: a statement that is started and polled is planned
 * twice, which costs more.
 *
 * The statement must not call functions in JavaScript: polling a failed one ends it, which waits for the engine's
 * threads, while they would wait for us.
 */
export async function runBeside(
  connection: DuckDBConnection,
  sql: string,
  rows = Number.POSITIVE_INFINITY,
): Promise<DuckDBResultReader> {
  if (rows <= FEW_ROWS) return connection.runAndReadAll(sql)
  const pending = await connection.start(sql)
  // node-api does not expose the poll that does no work itself.
  const { pending_result } = pending as unknown as { readonly pending_result: PendingResult }
  const isRunning = () => !isOver(bindings.pending_execute_check_state(pending_result))
  for (let waitMs = LOOK_EVERY.leastMs; isRunning(); waitMs = Math.min(LOOK_EVERY.mostMs, waitMs * LOOK_EVERY.growth)) {
    await setTimeout(waitMs)
  }
  // The engine's own error: `readAll` would make every failure an Invalid Input Error.
  const failure = bindings.pending_error(pending_result)
  if (failure) throw new Error(failure)
  return pending.readAll()
}

function isOver(state: number): boolean {
  return state === bindings.PendingState.RESULT_READY || state === bindings.PendingState.ERROR
}

import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBPendingResult,
  type DuckDBResultReader,
} from '@duckdb/node-api'
import bindings, { type PendingResult } from '@duckdb/node-bindings'

export interface DuckDBOptions {
  readonly threads?: number
  /** As DuckDB writes it: `512MB`. */
  readonly memoryLimit?: string
  readonly temporaryFolder?: string
}

export interface DuckDB {
  connect(): Promise<DuckDBConnection>
  close(): void
}

/** One engine a process. Every connection thinks in UTC: text without a zone means that, whatever TZ says. */
export async function openDuckDB(options: DuckDBOptions = {}): Promise<DuckDB> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: options.memoryLimit ?? '512MB',
    // Every thread is the engine's own: see `runBeside`.
    external_threads: '0',
    // The page cache has the files already: the engine would keep them a second time, up to its limit.
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    ...(options.temporaryFolder === undefined ? {} : { temp_directory: options.temporaryFolder }),
  })
  return {
    async connect() {
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
      return connection
    },
    close: () => instance.closeSync(),
  }
}

/** When a statement last called functions of ours, by `performance.now()`; undefined: not yet. */
export interface Calls {
  last: number | undefined
}

const callsOn = new WeakMap<DuckDBConnection, Calls>()

/** What runs on this connection from now on calls functions in JavaScript, which note it here. */
export function expectCalls(connection: DuckDBConnection): Calls {
  const calls: Calls = { last: undefined }
  callsOn.set(connection, calls)
  return calls
}

const LOOK_EVERY_MS = 1

/**
 * Runs a heavy statement on the engine's threads, and waits beside it. `connection.run` would take one of Node's few
 * threads for it, which turns in circles, on a core of its own, whenever the engine's threads have taken all there is
 * to do: a sixth of a busy worker's CPU.
 */
export async function runBeside(connection: DuckDBConnection, sql: string): Promise<DuckDBResultReader> {
  const calls = callsOn.get(connection)
  if (calls) calls.last = undefined
  const pending = await connection.start(sql)
  await (calls ? untilQuiet(calls) : untilOver(pending))
  return pending.readAll()
}

/** Asks the engine. A statement that has failed is ended by the asking, which waits for its threads. */
async function untilOver(pending: DuckDBPendingResult): Promise<void> {
  // node-api has no name for the look that does no work itself.
  const { pending_result } = pending as unknown as { readonly pending_result: PendingResult }
  while (!isOver(bindings.pending_execute_check_state(pending_result))) await setTimeout(LOOK_EVERY_MS)
}

function isOver(state: number): boolean {
  return state === bindings.PendingState.RESULT_READY || state === bindings.PendingState.ERROR
}

const FIRST_CALL_WITHIN_MS = 20

/**
 * Never asks the engine: its threads could wait for a function of ours to answer while we wait for them, for ever.
 * What comes after the last call takes a part of the time of what came before it.
 */
async function untilQuiet(calls: Calls): Promise<void> {
  const start = performance.now()
  const patience = () => (calls.last === undefined ? FIRST_CALL_WITHIN_MS : LOOK_EVERY_MS + (calls.last - start) / 4)
  while (performance.now() - (calls.last ?? start) < patience()) await setTimeout(LOOK_EVERY_MS)
}

/** A function's argument, its bytes as they are: node-api would make an object for each large number. None is NULL. */
export function vectorBytes(rows: DuckDBDataChunk, column: number, width: number): Uint8Array {
  return bindings.vector_get_data(bindings.data_chunk_get_vector(rows.chunk, column), rows.rowCount * width)
}

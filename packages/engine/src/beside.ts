import { setTimeout } from 'node:timers/promises'
import type { DuckDBConnection, DuckDBPendingResult, DuckDBResultReader } from '@duckdb/node-api'
import bindings, { type PendingResult } from '@duckdb/node-bindings'
import { quoteText } from './quote.ts'

/** A look costs 20 µs of CPU time: they become rarer, the longer a statement runs. */
const LOOK_EVERY = { leastMs: 1, mostMs: 4, growth: 1.05 }

/** At or below this many rows, polling costs more than a spinning thread, and a second thread more than it saves. */
export const FEW_ROWS = 2_048

/** Connections to engines without threads, on which nothing runs unless somebody calls. */
export const ofCaller = new WeakSet<DuckDBConnection>()

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
  if (rows <= FEW_ROWS || ofCaller.has(connection)) return connection.runAndReadAll(sql)
  return untilOver(await connection.start(sql))
}

/**
 * Runs COPY of a query's rows to a file or a folder, as `runBeside` runs a statement. The target is a parameter: it is
 * looked at first, and without its value nothing is planned. So the statement is planned once, when it has the value.
 */
export async function copyBeside(
  connection: DuckDBConnection,
  query: string,
  target: string,
  options: readonly string[],
  rows = Number.POSITIVE_INFINITY,
): Promise<DuckDBResultReader> {
  const copyTo = (to: string) => `COPY (${query}) TO ${to} (${options.join(', ')})`
  if (rows <= FEW_ROWS || ofCaller.has(connection)) return runBeside(connection, copyTo(quoteText(target)), rows)
  return untilOver(await connection.start(copyTo(`$${TARGET}`), { [TARGET]: target }))
}

/** No name that SQL of a user has. */
const TARGET = 'millrace_target'

async function untilOver(pending: DuckDBPendingResult): Promise<DuckDBResultReader> {
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

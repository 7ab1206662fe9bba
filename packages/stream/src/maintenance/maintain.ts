import type { Runtime } from '@millrace/base'
import type { MaintenanceTask, Output } from '@millrace/outputs'
import type { MaintenanceEvent } from '../telemetry.ts'

export type MaintenanceListener = (event: MaintenanceEvent) => void

const ROUND_MS = 5_000

/** An output, and what decides when this worker maintains it. */
export interface MaintainedOutput {
  readonly output: Output
  /** Whether this worker maintains it, and not another one. */
  isMine(): boolean
  /** Commits to it that are known to this worker. Undefined: its tasks run as often as they say, whoever commits. */
  readonly commits?: () => number
}

interface TaskState {
  readonly task: MaintenanceTask
  readonly everyMs: number
  doneAt: number
  commitsThen: number
}

/** With fewer commits since its last run, a task has hardly anything to do. */
const LEAST_COMMITS: Readonly<Record<MaintenanceTask['name'], number>> = {
  checkpoint: 8,
  optimize: 16,
  'clean log': 1,
  vacuum: 1,
}

/** Without as many commits of its own, a worker looks this much less often: another one may have made some. */
const QUIET_TIMES = 20
/** How seldom at most, unless a task says so itself: an alert tells of tables that nobody has looked after for hours. */
const QUIET_MOST_MS = 2 * 3_600_000

/**
 * Keeps outputs healthy beside the commits, never in their way, until the signal. One worker of several does it; all
 * of it is safe when two do it at once for a while.
 */
export async function maintain(
  outputs: () => Iterable<MaintainedOutput>,
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  const states = new WeakMap<Output, readonly TaskState[]>()
  const statesOf = ({ output, commits }: MaintainedOutput) => {
    const known = states.get(output)
    if (known) return known
    const fresh = output.maintenance.map((task): TaskState => {
      // A thousand tables that are found together would all be looked at together.
      const everyMs = task.everyMs * (commits ? 0.5 + runtime.random() : 1)
      return { task, everyMs, doneAt: runtime.monotonic(), commitsThen: commits?.() ?? 0 }
    })
    states.set(output, fresh)
    return fresh
  }
  while (!signal.aborted) {
    for (const each of outputs()) {
      for (const state of statesOf(each)) {
        const commits = each.commits?.() ?? Number.POSITIVE_INFINITY
        const isQuiet = commits - state.commitsThen < LEAST_COMMITS[state.task.name]
        const pauseMs = isQuiet ? quietPause(state.everyMs) : state.everyMs
        if (signal.aborted || runtime.monotonic() < state.doneAt + pauseMs) continue
        Object.assign(state, { doneAt: runtime.monotonic(), commitsThen: each.commits?.() ?? 0 })
        if (each.isMine()) await runTask(each.output, state.task, runtime, report, signal)
      }
    }
    await runtime.sleep(ROUND_MS, signal).catch(() => {})
  }
}

function quietPause(everyMs: number): number {
  return Math.max(everyMs, Math.min(QUIET_MOST_MS, everyMs * QUIET_TIMES))
}

/** Does whatever is due, once: for a worker that does not stay. */
export async function maintainOnce(
  outputs: Iterable<Output>,
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  for (const output of outputs) {
    for (const task of output.maintenance) await runTask(output, task, runtime, report, signal)
  }
}

async function runTask(
  output: Output,
  task: MaintenanceTask,
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  const begun = runtime.monotonic()
  const ended = () => ({ table: output.name, task: task.name, ms: runtime.monotonic() - begun })
  try {
    const didSomething = await task.run(signal)
    report({ ...ended(), outcome: didSomething ? 'done' : 'nothing to do' })
  } catch (error) {
    // A task that fails is tried again in its next round; the stream goes on.
    if (!signal.aborted) report({ ...ended(), outcome: 'failed', error })
  }
}

import type { Runtime } from '@millrace/base'
import type { Chore, Output } from '@millrace/outputs'
import type { MaintenanceEvent } from '../telemetry.ts'
import type { MaintenanceShare } from './share.ts'

export type MaintenanceListener = (event: MaintenanceEvent) => void

const ROUND_MS = 5_000

interface Task {
  readonly output: Output
  readonly chore: Chore
}

/**
 * Keeps outputs healthy beside the commits, never in their way, until the signal. One worker of several does it; all
 * of it is safe when two do it at once for a while.
 */
export async function maintain(
  outputs: readonly Output[],
  share: MaintenanceShare,
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  const doneAt = new Map<Task, number>(tasksOf(outputs).map((task) => [task, runtime.monotonic()]))
  while (!signal.aborted) {
    await runtime.sleep(ROUND_MS, signal).catch(() => {})
    for (const [task, done] of doneAt) {
      const { output, chore } = task
      if (signal.aborted || runtime.monotonic() - done < chore.everyMs) continue
      doneAt.set(task, runtime.monotonic())
      if (share.mine(output.name)) await runChore(task, runtime, report, signal)
    }
  }
}

/** Does whatever is due, once: for a worker that does not stay. */
export async function maintainOnce(
  outputs: readonly Output[],
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  for (const task of tasksOf(outputs)) await runChore(task, runtime, report, signal)
}

function tasksOf(outputs: readonly Output[]): Task[] {
  return outputs.flatMap((output) => output.maintenance.map((chore) => ({ output, chore })))
}

async function runChore(
  { output, chore }: Task,
  runtime: Runtime,
  report: MaintenanceListener,
  signal: AbortSignal,
): Promise<void> {
  const begun = runtime.monotonic()
  const ended = () => ({ table: output.name, chore: chore.name, ms: runtime.monotonic() - begun })
  try {
    const didSomething = await chore.run(signal)
    report({ ...ended(), outcome: didSomething ? 'done' : 'nothing to do' })
  } catch (error) {
    // A chore that fails is tried again in its next round; the stream goes on.
    if (!signal.aborted) report({ ...ended(), outcome: 'failed', error })
  }
}

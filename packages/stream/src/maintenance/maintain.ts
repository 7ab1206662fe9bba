import type { Runtime } from '@millrace/base'
import type { MaintenanceTask, Output } from '@millrace/outputs'
import type { MaintenanceEvent } from '../telemetry.ts'
import type { MaintenanceShare } from './share.ts'

export type MaintenanceListener = (event: MaintenanceEvent) => void

const ROUND_MS = 5_000

interface OutputTask {
  readonly output: Output
  readonly task: MaintenanceTask
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
  const doneAt = new Map<OutputTask, number>(tasksOf(outputs).map((each) => [each, runtime.monotonic()]))
  while (!signal.aborted) {
    await runtime.sleep(ROUND_MS, signal).catch(() => {})
    for (const [each, done] of doneAt) {
      const { output, task } = each
      if (signal.aborted || runtime.monotonic() - done < task.everyMs) continue
      doneAt.set(each, runtime.monotonic())
      if (share.mine(output.name)) await runTask(each, runtime, report, signal)
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
  for (const each of tasksOf(outputs)) await runTask(each, runtime, report, signal)
}

function tasksOf(outputs: readonly Output[]): OutputTask[] {
  return outputs.flatMap((output) => output.maintenance.map((task) => ({ output, task })))
}

async function runTask(
  { output, task }: OutputTask,
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

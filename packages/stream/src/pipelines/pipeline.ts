import { deadlineAfter, MillraceError, onAbort } from '@millrace/base'
import type { Machine } from '@millrace/engine'
import type { Cleaner } from '@millrace/transform'
import { type Partition, partitionKey } from '@millrace/transport'
import { beginEpoch, type Epoch, type EpochSettings, type Job } from '../epoch/epoch.ts'
import type { Limit } from '../epoch/limit.ts'
import { unknownFieldsReporter } from '../epoch/unknown-fields.ts'
import type { ByteBudget } from '../intake/budget.ts'
import { trackInFlight } from '../intake/in-flight.ts'
import type { BatchLimits } from '../intake/open-batch.ts'
import { createPace, type PaceLimits } from '../intake/pace.ts'
import { reportWaits } from '../retry.ts'
import type { Report } from '../telemetry.ts'

/** Moves the records of one data set from a source to its outputs. */
export interface Pipeline {
  assign(partitions: readonly Partition[]): void
  /** Settles when nothing of these partitions will be committed by this worker any more. */
  revoke(partitions: readonly Partition[]): Promise<void>
  /** Runs until the signal; with `untilCaughtUp`, until the records that were there at the assignment are committed. */
  run(signal: AbortSignal, untilCaughtUp: boolean): Promise<void>
}

export interface Deadlines {
  /** A revoke must not stall the group while the store is slow. */
  readonly revokeMs: number
  /** How long a stop may take to commit what has been read. */
  readonly stopMs: number
}

/** Settings that the pipelines of a worker share. */
export interface PipelineSettings {
  readonly limits: BatchLimits & PaceLimits
  readonly budget: ByteBudget
  readonly cleaner: Cleaner
  readonly cleaning: Limit
  readonly deadlines: Deadlines
}

export function createPipeline(job: Job, machine: Machine, settings: PipelineSettings, report: Report): Pipeline {
  const { runtime } = machine
  const { limits, budget, cleaner, cleaning, deadlines } = settings
  const inFlight = trackInFlight(budget, report)
  const epochSettings: EpochSettings = {
    ...{ limits, cleaner, cleaning, inFlight, report },
    pace: createPace(limits, runtime, (everyMs) => report({ what: 'paced', everyMs })),
    waiting: reportWaits(report),
    resumed: resumedReporter(report),
    committed: afterCommit(job, machine, report),
  }
  const assigned = new Map<string, Partition>()
  let change = Promise.withResolvers<void>()
  let changes = 0
  // After a revoke, wait for the next `assigned`, even an empty one.
  let isSettled = false
  let epoch: Epoch | undefined

  const changed = () => {
    changes++
    change.resolve()
    change = Promise.withResolvers()
  }
  const runEpoch = async (signal: AbortSignal, untilCaughtUp: boolean): Promise<boolean> => {
    const before = changes
    epoch = await beginEpoch(job, machine, epochSettings, [...assigned.values()], untilCaughtUp, signal)
    if (before !== changes || signal.aborted) return false
    try {
      return (await epoch.carry()) && before === changes
    } finally {
      epoch = undefined
    }
  }
  return {
    assign(partitions) {
      for (const partition of partitions) assigned.set(partitionKey(partition), partition)
      const wasSettled = isSettled
      if (partitions.length > 0 || !wasSettled) report({ what: 'assigned', partitions })
      isSettled = true
      if (partitions.length === 0 && wasSettled) return
      epoch?.stop()
      changed()
    },
    async revoke(partitions) {
      if (partitions.length === 0) return
      isSettled = false
      for (const partition of partitions) assigned.delete(partitionKey(partition))
      const leaving = epoch
      leaving?.leave()
      changed()
      runtime.crashPoint('revoking')
      using deadline = deadlineAfter(deadlines.revokeMs, runtime)
      await inFlight.cleared(partitions, deadline.signal)
      if (deadline.signal.aborted) leaving?.giveUp()
      report({ what: 'revoked', partitions })
    },
    async run(signal, untilCaughtUp) {
      using ended = new DisposableStack()
      const stop = () => {
        const last = epoch
        last?.stop()
        changed()
        runtime.crashPoint('stopping')
        const deadline = ended.use(deadlineAfter(deadlines.stopMs, runtime))
        if (last) deadline.signal.addEventListener('abort', () => last.giveUp(), { once: true })
      }
      ended.use(onAbort(signal, stop))
      try {
        while (!signal.aborted) {
          const nextChange = change.promise
          if (assigned.size === 0 && !(untilCaughtUp && isSettled)) await nextChange
          else if ((await runEpoch(signal, untilCaughtUp)) && untilCaughtUp) {
            if (isSettled) return
            await nextChange
          }
        }
      } catch (error) {
        if (!signal.aborted || !(error instanceof MillraceError) || !error.retry) throw error
      }
    },
  }
}

function resumedReporter(report: Report): EpochSettings['resumed'] {
  const reported = new Set<string>()
  return (topics) => {
    for (const topic of topics) if (!reported.has(topic)) report({ what: 'known topic', topic })
    for (const topic of topics) reported.add(topic)
  }
}

function afterCommit({ source }: Job, { runtime }: Machine, report: Report): EpochSettings['committed'] {
  const reportUnknown = unknownFieldsReporter(report)
  return ({ advances }, { unknown }) => {
    reportUnknown(unknown)
    const reached = new Map(advances.map(({ partition, to }) => [partition, to]))
    // Only informs the broker's lag tools: a failure does not concern our progress.
    source
      .acknowledge(reached)
      .then(() => runtime.crashPoint('acknowledged'))
      .catch(() => {})
  }
}

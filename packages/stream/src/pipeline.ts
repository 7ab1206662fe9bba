import { MillraceError } from '@millrace/base'
import { type Partition, partitionKey } from '@millrace/transport'
import { beginEpoch, type Epoch, type EpochParts } from './epoch.ts'
import type { ByteBudget } from './intake/budget.ts'
import { trackInFlight } from './intake/in-flight.ts'
import type { BatchLimits } from './intake/open-batch.ts'
import { createPace, type PaceLimits } from './intake/pace.ts'
import { tellWaits } from './patience.ts'

/** One data set on its way from a source to its tables. */
export interface Pipeline {
  assign(partitions: readonly Partition[]): void
  /** Settles when nothing of these partitions will be committed by this worker any more. */
  revoke(partitions: readonly Partition[]): Promise<void>
  /** Until the signal; or, to be caught up, until what was there when a partition came has been committed. */
  run(signal: AbortSignal, untilCaughtUp: boolean): Promise<void>
}

export interface Deadlines {
  /** A revoke must not stall the group while the store is slow. */
  readonly revokeMs: number
  /** How long a stop may take to commit what has been read. */
  readonly stopMs: number
}

export type PipelineParts = Omit<EpochParts, 'inFlight' | 'waiting' | 'pace' | 'limits'> & {
  readonly limits: BatchLimits & PaceLimits
  readonly budget: ByteBudget
  readonly deadlines: Deadlines
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const waiting = tellWaits(parts.tell)
  const pace = createPace(parts.limits, parts.runtime, (everyMs) => parts.tell({ what: 'paced', everyMs }))
  const inFlight = trackInFlight(parts.budget, parts.tell)
  const assigned = new Map<string, Partition>()
  let change = Promise.withResolvers<void>()
  let changes = 0
  // After a loss it is not clear what is ours until the source says so, were it nothing.
  let isSettled = false
  let epoch: Epoch | undefined

  const changed = () => {
    changes++
    epoch?.stop()
    change.resolve()
    change = Promise.withResolvers()
  }
  const runEpoch = async (signal: AbortSignal, untilCaughtUp: boolean): Promise<boolean> => {
    const before = changes
    epoch = await beginEpoch({ ...parts, inFlight, waiting, pace }, [...assigned.values()], untilCaughtUp, signal)
    if (before !== changes || signal.aborted) return false
    try {
      return (await epoch.carry()) && before === changes
    } finally {
      epoch = undefined
    }
  }
  return {
    assign(partitions) {
      parts.tell({ what: 'assigned', partitions })
      for (const partition of partitions) assigned.set(partitionKey(partition), partition)
      const wasSettled = isSettled
      isSettled = true
      if (partitions.length > 0 || !wasSettled) changed()
    },
    async revoke(partitions) {
      if (partitions.length === 0) return
      isSettled = false
      for (const partition of partitions) assigned.delete(partitionKey(partition))
      const leaving = epoch
      changed()
      parts.runtime.crashPoint('revoking')
      const deadline = AbortSignal.timeout(parts.deadlines.revokeMs)
      await inFlight.cleared(partitions, deadline)
      if (deadline.aborted) leaving?.giveUp()
      parts.tell({ what: 'revoked', partitions })
    },
    async run(signal, untilCaughtUp) {
      const stop = () => {
        const last = epoch
        changed()
        parts.runtime.crashPoint('stopping')
        if (last) setTimeout(() => last.giveUp(), parts.deadlines.stopMs).unref()
      }
      signal.addEventListener('abort', stop, { once: true })
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

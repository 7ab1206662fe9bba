import type { Runtime } from '@millrace/base'
import type { PipelineEvent, Stage, StartedDataset } from '@millrace/stream'
import { type Book, enter, openBook, SHARE_SECONDS, STAGES } from './book.ts'
import { MARK_EVERY_MS } from './history.ts'
import { type LagTracker, totalLag, trackLag } from './lag.ts'
import type { DatasetState, Phase, StageState, WaitingState } from './state.ts'
import { type VitalSigns, vitalSigns } from './vital-signs.ts'

/** Derives the state of one data set from its events. */
export interface DatasetWatch {
  on(event: PipelineEvent): void
  /** It reads these topics from now on. */
  reads(topics: readonly string[]): void
  readonly heldBytes: number
  /** `hasRoom`: whether the worker may read more bytes. Without room, an idle data set does not count as stuck. */
  state(hasRoom: boolean): DatasetState
}

const RATE_SECONDS = 10
const BUSY_SECONDS = 60
/** The band of the lag covers more than an interval between commits, so that each has a commit in it. */
const [BAND_INTERVALS, LEAST_BAND_MS] = [1.5, MARK_EVERY_MS]
const LATENCY_MS = 5 * 60_000
/** A reader that needs at most this long to reach the end counts as caught up. */
const CAUGHT_UP_SECONDS = 2

/** So few rejected records are no sign yet, however large their share. */
const FEW_REJECTED = 10

/** From where on a data set is stuck, or rejects too much. */
export interface Bounds {
  readonly stuckAfterMs: number
  /** The largest share of records that may be rejected, from 0 to 1. */
  readonly maxRefused: number
}

export function watchDataset(started: StartedDataset, runtime: Runtime, bounds: Bounds): DatasetWatch {
  let about = started
  const begun = runtime.monotonic()
  const book = openBook(begun)
  const lag = trackLag()
  const signs = vitalSigns(begun, bounds.stuckAfterMs)
  let seenPartitions = false
  return {
    on(event) {
      if (event.what === 'assigned') seenPartitions = true
      enter(event, book, lag, signs, runtime)
    },
    reads(topics) {
      about = { ...about, topics }
    },
    get heldBytes() {
      return book.heldBytes
    },
    state: (hasRoom) =>
      stateOf(about, book, lag, signs, { seenPartitions, hasRoom, maxRefused: bounds.maxRefused }, runtime),
  }
}

interface Circumstances {
  readonly seenPartitions: boolean
  readonly hasRoom: boolean
  readonly maxRefused: number
}

function stateOf(
  { dataset, table, topics }: StartedDataset,
  book: Book,
  lag: LagTracker,
  signs: VitalSigns,
  { seenPartitions, hasRoom, maxRefused }: Circumstances,
  runtime: Runtime,
): DatasetState {
  const now = runtime.monotonic()
  const partitions = lag.partitions(runtime.now())
  const total = totalLag(partitions)
  const rates = {
    readRecords: book.readRecords.perSecond(RATE_SECONDS, now),
    readBytes: book.readBytes.perSecond(RATE_SECONDS, now),
    rows: book.pace.perSecond(now),
  }
  const idle = book.batches === 0 && (!hasRoom || (lag.size === 0 && seenPartitions))
  const stuckMs = idle ? undefined : signs.stuckMs(book.batches, now)
  // Several batches in flight mean that records are read faster than they are committed.
  const behind = lag.unreadSeconds(rates.readRecords) > CAUGHT_UP_SECONDS || book.batches > 1
  const rejected = rejectedLately(book, now)
  const rejecting = rejected.share > maxRefused && rejected.records >= FEW_REJECTED
  const phase = phaseOf({ stuckMs, behind, rejecting, seenPartitions, partitions: lag.size, waiting: book.waiting })
  const latency = book.ages.percentiles(LATENCY_MS, now)
  const stages = STAGES.map((stage) => stageState(stage, book, now))
  return {
    ...{ dataset, table, topics, phase, stuckMs, rates, stages, partitions },
    waiting: book.waiting,
    outputs: book.outputs,
    totals: { ...book.totals },
    lag: total,
    lagBand: book.lagBand.within(Math.max(LEAST_BAND_MS, BAND_INTERVALS * book.pace.intervalMs), total.seconds, now),
    latency: latency && { p50Ms: latency.p50, p99Ms: latency.p99 },
    held: { batches: book.batches, bytes: book.heldBytes },
    bottleneck: phase === 'catching up' ? busiest(stages, book.batches) : undefined,
    commits: [...book.commits],
    quarantine: {
      total: book.totals.quarantined,
      share: rejected.share,
      reasons: [...book.reasons]
        .map(([reason, records]) => ({ reason, records }))
        .sort((a, b) => b.records - a.records),
      samples: [...book.samples],
    },
  }
}

function rejectedLately({ outcomes }: Book, now: number): { readonly records: number; readonly share: number } {
  const all = outcomes.all.sum(SHARE_SECONDS, now)
  const records = outcomes.rejected.sum(SHARE_SECONDS, now)
  return { records, share: all === 0 ? 0 : records / all }
}

interface Signs {
  readonly stuckMs: number | undefined
  readonly waiting: WaitingState | undefined
  readonly seenPartitions: boolean
  readonly partitions: number
  readonly behind: boolean
  readonly rejecting: boolean
}

function phaseOf({ stuckMs, waiting, seenPartitions, partitions, behind, rejecting }: Signs): Phase {
  if (stuckMs !== undefined) return 'stuck'
  if (waiting) return 'waiting'
  if (partitions === 0) return seenPartitions ? 'idle' : 'starting'
  if (rejecting) return 'rejecting'
  return behind ? 'catching up' : 'caught up'
}

function stageState(stage: Stage, { busy, runs }: Book, now: number): StageState {
  const seconds = busy.get(stage)?.perSecond(BUSY_SECONDS, now) ?? 0
  const times = runs.get(stage)?.perSecond(BUSY_SECONDS, now) ?? 0
  return { stage, busy: seconds, meanMs: times === 0 ? 0 : (1000 * seconds) / times }
}

/** Returns the bottleneck: the busiest stage after fetch while batches queue up, otherwise fetch. */
function busiest(stages: readonly StageState[], batches: number): Stage {
  if (batches < 2) return 'fetch'
  const after = stages.filter(({ stage }) => stage !== 'fetch')
  return after.reduce((most, stage) => (stage.busy > most.busy ? stage : most)).stage
}

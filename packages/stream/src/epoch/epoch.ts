import { MillraceError } from '@millrace/base'
import type { Machine } from '@millrace/engine'
import type { Behind, PipelineBegun, PipelineOutputs } from '@millrace/outputs'
import type { Cleaner, Dataset } from '@millrace/transform'
import { type Partition, type Position, partitionKey, reached, type Source } from '@millrace/transport'
import type { Batch } from '../intake/batch.ts'
import {
  type Gathering,
  type Intake,
  openIntake,
  type Reading,
  type ReadRange,
  type Reporting,
} from '../intake/intake.ts'
import type { Selection } from '../intake/select.ts'
import { beginWithStarts, type Start } from '../progress/starts.ts'
import { withRetries } from '../retry.ts'
import type { Stage } from '../telemetry.ts'
import { committedEvent } from './commit-event.ts'
import { createConveyor } from './conveyor.ts'
import { needingRoom } from './disk-room.ts'
import type { Limit } from './limit.ts'
import { type BatchSummary, prepareBatch, type ReadyBatch } from './prepare.ts'

/** A pipeline's job: records of these topics, by the rules of this data set, into these outputs. */
export interface Job extends Omit<Reading, 'take'> {
  readonly dataset: Dataset
  readonly group: string
  readonly outputs: PipelineOutputs
  /** For a topic that this pipeline has never read. */
  readonly start: Start['position']
  /** Whether an output that is new to the pipeline begins at the source's beginning. */
  readonly backFills?: boolean
}

/** Settings and listeners of an epoch. */
export interface EpochSettings extends Gathering, Reporting {
  readonly cleaner: Cleaner
  /** Bounds the statements that are given to the engine at once, over all pipelines of a worker. */
  readonly cleaning: Limit
  /** Called once for each topic that goes on from stored progress. */
  readonly resumed: (topics: readonly string[]) => void
  readonly committed: (batch: Batch, summary: BatchSummary) => void
}

/**
 * An epoch lasts from reading the outputs' progress to having committed, or dropped, all that was read after it.
 * Whatever contradicts the progress (another worker's commit, a rebalance) ends it; the next one reads the progress
 * again.
 */
export interface Epoch {
  /** Reads no more; what has been read is still committed. */
  stop(): void
  /** Reads no more; batches that are due soon are still committed. The others are for who reads the partitions next. */
  leave(): void
  /** Drops batches whose commit has not started. */
  giveUp(): void
  /** Returns whether every partition was read and committed to its end. */
  carry(): Promise<boolean>
}

/** Three: one is read while another is cleaned and a third is uploaded. */
const BATCHES_UNDER_WAY = 3

export async function beginEpoch(
  job: Job,
  machine: Machine,
  settings: EpochSettings,
  partitions: readonly Partition[],
  untilCaughtUp: boolean,
  signal: AbortSignal,
): Promise<Epoch> {
  const { runtime } = machine
  const retrying = <T>(work: () => Promise<T>) => withRetries(work, runtime, signal, settings.waiting)
  const start = { source: job.source, position: job.start, backFills: job.backFills ?? false }
  const begun = await retrying(() => beginWithStarts(job.outputs, partitions, start, runtime))
  settings.resumed(begun.resumed)
  settings.report({ what: 'begun' })
  const ranges = await retrying(() => rangesOf(job.source, begun, untilCaughtUp))
  // Only informs the broker's tools and waiting partitions: a failure does not concern our progress.
  job.source.acknowledge(begun.positions).catch(() => {})
  const intake = openIntake({ ...job, take: job.outputs.take }, settings, runtime, settings)
  runtime.crashPoint('epoch begun')
  const givenUp = new AbortController()
  return {
    stop: () => intake.stop(),
    leave: () => intake.leave(),
    giveUp: () => givenUp.abort(),
    carry() {
      intake.open(ranges)
      return carryBatches(job, machine, settings, intake, { held: begun.held, kinds: job.kinds }, givenUp.signal)
    },
  }
}

async function rangesOf(
  source: Source,
  { positions, behind }: PipelineBegun,
  untilCaughtUp: boolean,
): Promise<ReadRange[]> {
  const ranges = [...positions].map(async ([partition, from]) => {
    const late = behind.get(partition)
    if (late) await refuseDeleted(source, partition, from, late)
    const range = { partition, from, ...(late && { cutAt: late.anchor }) }
    return untilCaughtUp ? { ...range, end: await source.end(partition) } : range
  })
  return Promise.all(ranges)
}

/** Refuses to go on where the source no longer has what an output lacks. */
async function refuseDeleted(source: Source, partition: Partition, from: Position, { output, anchor }: Behind) {
  const earliest = await source.resolve(partition, 'earliest')
  if (reached(from, earliest)) return
  const name = partitionKey(partition)
  throw new MillraceError(
    'OFFSET_OUT_OF_RANGE',
    `${output} has ${name} up to ${from} and the anchor up to ${anchor}, but the source begins at ${earliest}`,
    {
      next: 'Go on without the output, or empty it together with its progress: then it begins where the anchor is.',
    },
  )
}

async function carryBatches(
  job: Job,
  machine: Machine,
  { waiting, report, cleaner, cleaning, inFlight, committed }: EpochSettings,
  intake: Intake,
  selection: Selection,
  givenUp: AbortSignal,
): Promise<boolean> {
  const { runtime, workFolder } = machine
  const { outputs } = job
  const retrying = <T>(work: () => Promise<T>) => withRetries(work, runtime, givenUp, waiting)
  const timed = async <T>(stage: Exclude<Stage, 'fetch'>, work: () => Promise<T>) => {
    const begun = runtime.monotonic()
    const result = await work()
    report({ what: 'stage', stage, ms: runtime.monotonic() - begun })
    return result
  }
  const conveyor = createConveyor<Batch, ReadyBatch>({
    depth: BATCHES_UNDER_WAY,
    async prepare(batch) {
      const prepare = () => prepareBatch(batch, selection, job, cleaner, machine)
      // Who waits for the next try, such as for a registry that is down, keeps no other pipeline from cleaning.
      const ready = await retrying(() =>
        cleaning(() => timed('clean', () => needingRoom(workFolder, prepare))),
      ).finally(() => inFlight.used(batch.blocks))
      const { anchor, others } = ready.prepared
      for (const [i, { partitions }] of [anchor, ...others].entries()) {
        if (partitions !== undefined) report({ what: 'prepared', table: outputs.all[i]?.name ?? '', partitions })
      }
      await timed('upload', () => retrying(() => outputs.upload(ready.prepared)))
      return ready
    },
    async finish(batch, ready) {
      const committing = timed('commit', () => retrying(() => outputs.commit(ready.prepared, batch.advances)))
      const result = await committing.catch(whenGivenUp(givenUp))
      if (result.outcome === 'fenced') return false
      report(committedEvent(batch, ready, result.version, runtime.now()))
      committed(batch, ready.summary)
      return true
    },
    discard: ({ prepared }) => outputs.discard(prepared),
    release: ({ blocks }) => inFlight.done(blocks),
    dropped: () => intake.drop(),
  })
  givenUp.addEventListener('abort', () => conveyor.drop(), { once: true })
  for (let batch = await intake.next(); batch; batch = await intake.next()) await conveyor.push(batch)
  await conveyor.drained()
  return intake.complete && !conveyor.dropped
}

/** A commit that failed for good after we gave up on it counts as another worker's: the next epoch asks the output. */
function whenGivenUp(givenUp: AbortSignal): (error: unknown) => { readonly outcome: 'fenced' } {
  return (error) => {
    if (givenUp.aborted) return { outcome: 'fenced' }
    throw error
  }
}

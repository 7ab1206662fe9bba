import type { Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/engine'
import type { Cleaner, Dataset } from '@millrace/transform'
import type { Partition, Position, Source } from '@millrace/transport'
import { needingRoom } from './clean/disk-room.ts'
import { findKnownBad, type KnownBad } from './clean/known-bad.ts'
import type { Limit } from './clean/limit.ts'
import { type StagedBatch, stageBatch } from './clean/stage.ts'
import { createConveyor } from './conveyor.ts'
import type { Batch } from './intake/batch.ts'
import type { InFlight } from './intake/in-flight.ts'
import { type Intake, openIntake, type Stretch } from './intake/intake.ts'
import type { BatchLimits } from './intake/open-batch.ts'
import type { Pace } from './intake/pace.ts'
import { patiently, type WaitListener } from './patience.ts'
import type { Kinds } from './routes/kinds.ts'
import { committedEvent } from './tables/commit-event.ts'
import type { PipelineTables } from './tables/tables.ts'
import type { Stage, Tell } from './telemetry.ts'

export interface EpochParts {
  readonly source: Source
  readonly dataset: Dataset
  readonly tables: PipelineTables
  readonly group: string
  readonly engine: DuckDB
  readonly cleaner: Cleaner
  readonly workFolder: string
  readonly limits: BatchLimits
  readonly pace: Pace
  /** Topics that carry several kinds, of which only some are this data set's. */
  readonly kinds: ReadonlyMap<string, Kinds>
  readonly inFlight: InFlight
  /** Bounds the statements that are given to the engine at once, over all pipelines of a worker. */
  readonly cleaning: Limit
  readonly runtime: Runtime
  readonly committed: (batch: Batch, staged: StagedBatch) => void
  readonly waiting: WaitListener
  readonly tell: Tell
}

/**
 * From reading the tables to having committed, or dropped, all that was read on their word. Whatever goes
 * differently than the tables said (another worker's commit, partitions that come or go) ends it; the next one
 * starts from the tables again.
 */
export interface Epoch {
  /** Reads no more; what has been read is still committed. */
  stop(): void
  /** Commits nothing that has not begun to be committed. */
  giveUp(): void
  /** True: every partition was read and committed to its end. */
  carry(): Promise<boolean>
}

/** One is read while another is cleaned and a third goes up. */
const BATCHES_UNDER_WAY = 3

export async function beginEpoch(
  parts: EpochParts,
  partitions: readonly Partition[],
  untilCaughtUp: boolean,
  signal: AbortSignal,
): Promise<Epoch> {
  const { tables, runtime, waiting, group, engine } = parts
  const positions = await patiently(() => tables.begin(partitions), runtime, signal, waiting)
  const known = await patiently(
    () => findKnownBad(tables.quarantine, positions, group, engine),
    runtime,
    signal,
    waiting,
  )
  const stretches = await patiently(() => stretchesOf(parts.source, positions, untilCaughtUp), runtime, signal, waiting)
  // Only for who watches or waits for us: a failure says nothing about our progress.
  parts.source.acknowledge(positions).catch(() => {})
  const intake = openIntake(parts)
  runtime.crashPoint('epoch begun')
  const resigned = new AbortController()
  return {
    stop: () => intake.stop(),
    giveUp: () => resigned.abort(),
    carry() {
      intake.open(stretches)
      return carryBatches(parts, intake, known, resigned.signal)
    },
  }
}

async function stretchesOf(
  source: Source,
  positions: ReadonlyMap<Partition, Position>,
  untilCaughtUp: boolean,
): Promise<Stretch[]> {
  const stretches = [...positions].map(async ([partition, from]) =>
    untilCaughtUp ? { partition, from, end: await source.end(partition) } : { partition, from },
  )
  return Promise.all(stretches)
}

async function carryBatches(
  parts: EpochParts,
  intake: Intake,
  known: KnownBad,
  resigned: AbortSignal,
): Promise<boolean> {
  const { tables, runtime, waiting, tell } = parts
  const enduring = <T>(work: () => Promise<T>) => patiently(work, runtime, resigned, waiting)
  const timed = async <T>(stage: Exclude<Stage, 'fetch'>, work: () => Promise<T>) => {
    const begun = runtime.monotonic()
    const result = await work()
    tell({ what: 'stage', stage, ms: runtime.monotonic() - begun })
    return result
  }
  const conveyor = createConveyor<Batch, StagedBatch>({
    depth: BATCHES_UNDER_WAY,
    async prepare(batch) {
      const stage = () => stageBatch(batch, { known, kinds: parts.kinds }, parts)
      const staged = await parts
        .cleaning(() => timed('clean', () => enduring(() => needingRoom(parts.workFolder, stage))))
        .finally(() => parts.inFlight.used(batch.blocks))
      await timed('upload', () => enduring(() => tables.upload(staged)))
      return staged
    },
    async finish(batch, staged) {
      const committing = timed('commit', () => enduring(() => tables.commit(batch, staged)))
      const ours = await committing.catch(whenResigned(resigned))
      if (!ours) return false
      tell(committedEvent(batch, staged, tables.anchor.snapshot().version, runtime.now()))
      parts.committed(batch, staged)
      return true
    },
    release: ({ blocks }) => parts.inFlight.done(blocks),
    dropped: () => intake.drop(),
  })
  resigned.addEventListener('abort', () => conveyor.drop(), { once: true })
  for (let batch = await intake.next(); batch; batch = await intake.next()) await conveyor.push(batch)
  await conveyor.drained()
  return intake.complete && !conveyor.dropped
}

/** A commit that failed for good after we gave up on it counts as another worker's: the next epoch asks the table. */
function whenResigned(resigned: AbortSignal): (error: unknown) => boolean {
  return (error) => {
    if (resigned.aborted) return false
    throw error
  }
}

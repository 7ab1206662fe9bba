import type { Runtime } from '@millrace/base'
import type { CommittedEvent, PipelineEvent, ReadEvent, Stage } from '@millrace/stream'
import { type CommitPace, commitPace } from './commit-pace.ts'
import { type LagTracker, totalLag } from './lag.ts'
import { type LagBand, lagBand } from './lag-band.ts'
import { type Rolling, recent, rolling } from './rolling.ts'
import type { CommitState, DatasetState, QuarantineState, WaitingState } from './state.ts'
import type { VitalSigns } from './vital-signs.ts'

export const STAGES: readonly Stage[] = ['fetch', 'clean', 'upload', 'commit']
const MOST_AGES = 2_000
const SHOWN_COMMITS = 30
const SHOWN_SAMPLES = 20
/** Bounds the number of reasons, because a data set may name as many expectations as it likes. */
const MOST_REASONS = 50
/** The share of rejected records is taken over so many seconds. */
export const SHARE_SECONDS = 300

/** Counters and recent samples of one data set. */
export interface Book {
  readonly totals: { -readonly [K in keyof DatasetState['totals']]: number }
  readonly readRecords: Rolling
  readonly readBytes: Rolling
  readonly pace: CommitPace
  readonly lagBand: LagBand
  readonly outcomes: { readonly all: Rolling; readonly rejected: Rolling }
  readonly busy: ReadonlyMap<Stage, Rolling>
  readonly runs: ReadonlyMap<Stage, Rolling>
  readonly ages: ReturnType<typeof recent>
  readonly commits: CommitState[]
  readonly reasons: Map<string, number>
  readonly samples: QuarantineState['samples'][number][]
  outputs: DatasetState['outputs']
  waiting: WaitingState | undefined
  heldBytes: number
  batches: number
}

export function openBook(begun: number): Book {
  const perStage = () => new Map(STAGES.map((stage) => [stage, rolling(begun)]))
  return {
    totals: { readRecords: 0, readBytes: 0, rows: 0, filtered: 0, quarantined: 0, commits: 0 },
    readRecords: rolling(begun),
    readBytes: rolling(begun),
    pace: commitPace(begun),
    lagBand: lagBand(),
    outcomes: { all: rolling(begun, SHARE_SECONDS), rejected: rolling(begun, SHARE_SECONDS) },
    busy: perStage(),
    runs: perStage(),
    ages: recent(MOST_AGES),
    commits: [],
    reasons: new Map(),
    samples: [],
    outputs: [],
    waiting: undefined,
    heldBytes: 0,
    batches: 0,
  }
}

export function enter(event: PipelineEvent, book: Book, lag: LagTracker, signs: VitalSigns, runtime: Runtime): void {
  const now = runtime.monotonic()
  const ran = (stage: Stage, ms: number) => {
    book.busy.get(stage)?.add(ms / 1000, now)
    book.runs.get(stage)?.add(1, now)
  }
  switch (event.what) {
    case 'assigned':
      signs.asked(now)
      lag.assigned(event.partitions)
      break
    case 'revoked':
      lag.revoked(event.partitions)
      break
    case 'idle':
      signs.asked(now)
      lag.idle(event.partition)
      break
    case 'read':
      signs.asked(now)
      // A read at the end of the partition waits for producers, so it does not count as work.
      if (leavesMore(event)) ran('fetch', event.ms)
      book.heldBytes += event.bytes
      book.totals.readRecords += event.records
      book.totals.readBytes += event.bytes
      book.pace.read(now)
      book.readRecords.add(event.records, now)
      book.readBytes.add(event.bytes, now)
      lag.read(event)
      break
    case 'batch':
      if (book.batches++ === 0) signs.moved(now)
      break
    case 'released':
      signs.moved(now)
      book.batches--
      book.heldBytes -= event.bytes
      // The lag is greatest just before a commit lets go of what it held, and least just after.
      addLag(book, lag, runtime)
      lag.released(event.blocks)
      addLag(book, lag, runtime)
      break
    case 'stage':
      signs.moved(now)
      ran(event.stage, event.ms)
      break
    case 'waits':
      signs.moved(now)
      book.waiting = waited(book.waiting, event, runtime.now())
      break
    case 'goes on':
      signs.moved(now)
      book.waiting = undefined
      break
    case 'outputs':
      book.outputs = event.outputs
      break
    case 'committed':
      enterCommit(event, book, now, runtime.now())
      break
  }
}

function addLag(book: Book, lag: LagTracker, runtime: Runtime): void {
  book.lagBand.add(totalLag(lag.partitions(runtime.now())).seconds, runtime.monotonic())
}

/** Returns whether the source had more records than this block. */
export function leavesMore({ behind }: ReadEvent): boolean {
  return (behind?.records ?? behind?.ms ?? 0) > 0
}

function waited(
  before: WaitingState | undefined,
  { code, message }: { readonly code: string; readonly message: string },
  now: number,
): WaitingState {
  return { since: before?.since ?? now, tries: (before?.tries ?? 0) + 1, code, message }
}

function enterCommit(event: CommittedEvent, book: Book, now: number, at: number): void {
  const { version, rows, quarantined, filtered, bytes, files, fileBytes, agesMs, reasons, samples } = event
  book.totals.rows += rows
  book.totals.filtered += filtered
  book.totals.quarantined += quarantined
  book.totals.commits++
  book.pace.committed(rows, now)
  book.outcomes.all.add(rows + filtered + quarantined, now)
  book.outcomes.rejected.add(quarantined, now)
  for (const age of agesMs) book.ages.add(age, now)
  book.commits.unshift({ at, version, rows, quarantined, bytes, files, fileBytes })
  book.commits.length = Math.min(book.commits.length, SHOWN_COMMITS)
  for (const [reason, records] of reasons) {
    const known = book.reasons.has(reason) || book.reasons.size < MOST_REASONS
    const name = known ? reason : 'other'
    book.reasons.set(name, (book.reasons.get(name) ?? 0) + records)
  }
  book.samples.unshift(...samples.map((sample) => ({ ...sample, at })))
  book.samples.length = Math.min(book.samples.length, SHOWN_SAMPLES)
}

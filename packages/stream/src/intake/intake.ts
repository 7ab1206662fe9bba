import type { Runtime } from '@millrace/base'
import type { PipelineOutputs } from '@millrace/outputs'
import { type Dataset, wantedBefore, wantedMetadata } from '@millrace/transform'
import type { Block, End, Partition, Position, Source } from '@millrace/transport'
import { type RetryListener, withRetries } from '../retry.ts'
import type { Kinds } from '../routes/kinds.ts'
import type { Report } from '../telemetry.ts'
import type { Batch } from './batch.ts'
import { cutBlock } from './cut-block.ts'
import type { InFlight } from './in-flight.ts'
import { type BatchLimits, createOpenBatch } from './open-batch.ts'
import type { Pace, PaceLimits } from './pace.ts'
import { findRepeats, type TakenBlock } from './repeats.ts'
import { unpackBlock } from './unpack.ts'

/** The source, and which of its topics are shared. */
export interface Reading {
  readonly source: Source
  readonly kinds: ReadonlyMap<string, Kinds>
  /** Whose records are read: it may need their keys and headers. */
  readonly dataset: Pick<Dataset, 'format' | 'keyFormat' | 'metadata'>
  /** Whether messages are wanted as they came, with their keys. */
  readonly take: PipelineOutputs['take']
}

/** Limits of a batch. */
export interface Gathering {
  readonly limits: BatchLimits & Pick<PaceLimits, 'everyMs'>
  readonly pace: Pace
  readonly inFlight: InFlight
}

export interface Reporting {
  readonly waiting: RetryListener
  readonly report: Report
}

/** Range to read in a partition; open-ended without `end`. */
export interface ReadRange {
  readonly partition: Partition
  readonly from: Position
  readonly end?: End
  /** Blocks end here, so that an output that is further than others gets whole ones. */
  readonly cutAt?: Position
}

/** Reads partitions side by side into batches. */
export interface Intake {
  open(ranges: readonly ReadRange[]): void
  /** Returns the next batch that is due, or undefined when there will be none: stopped, or every end reached. */
  next(): Promise<Batch | undefined>
  /** Stops reading; batches already read are still returned. */
  stop(): void
  /** Stops reading and drops what has been read. */
  drop(): void
  /** Stops reading for another worker that reads on; what is due soon is still returned, the rest dropped. */
  leave(): void
  /** Whether every range has been read to its end. */
  readonly complete: boolean
}

/** How long one read waits for records. */
const READ_WAIT_MS = 500

/**
 * A thousand topics bring a record or two each at every read, and a read costs as much as what it brings: so their
 * readers let records gather at the source, this share of the time until the next commit. The last read comes just
 * before the batch is due: what came in between would else wait for the one after it.
 */
const GATHERING = { share: 1 / 6, mostMs: 10_000, lastReadShare: 1 / 60, lastReadMostMs: 1_000 }

/** Returns how long the reader of one of many topics rests at the end, where the open batch is due in so many milliseconds. */
export function restMs(everyMs: number, dueIn: number): number {
  const rest = Math.min(GATHERING.mostMs, everyMs * GATHERING.share)
  const untilLastRead = dueIn - Math.min(GATHERING.lastReadMostMs, everyMs * GATHERING.lastReadShare)
  return untilLastRead > 0 ? Math.min(rest, untilLastRead) : rest
}

export function openIntake(reading: Reading, gathering: Gathering, runtime: Runtime, reporting: Reporting): Intake {
  const { inFlight, limits, pace } = gathering
  const { report } = reporting
  const readers = new Set<AbortController>()
  const batch = createOpenBatch(limits, pace, runtime)
  const wake = createWakeUp(runtime)
  const share = inFlight.openBatch(() => {
    batch.close()
    wake.notify()
  })
  let state: 'new' | 'reading' | 'stopped' = 'new'
  let failure: unknown

  const add = (block: TakenBlock) => {
    const before = batch.ripeAt()
    batch.add(block)
    share.hold(block)
    if (batch.ripeAt() < before) wake.notify()
  }
  const take = () => {
    const taken = batch.take(inFlight.joined)
    share.end()
    report({ what: 'batch', records: taken.records, bytes: taken.bytes })
    return taken
  }
  const openOne = (range: ReadRange) => {
    const reader = new AbortController()
    readers.add(reader)
    readOn(range, reading, gathering, runtime, reporting, reader.signal, add, batch.ripeAt)
      .catch((error: unknown) => {
        if (!reader.signal.aborted) failure ??= error
      })
      .finally(() => {
        readers.delete(reader)
        wake.notify()
      })
  }
  const stop = () => {
    if (!complete()) state = 'stopped'
    for (const reader of readers) reader.abort()
    readers.clear()
    wake.notify()
  }
  const complete = () => state === 'reading' && readers.size === 0
  const drop = () => {
    stop()
    const { blocks } = take()
    inFlight.used(blocks)
    inFlight.done(blocks)
  }
  return {
    stop,
    drop,
    leave: () => (batch.isDueSoon() ? stop() : drop()),
    get complete() {
      return complete()
    },
    open(ranges) {
      if (state === 'new') state = 'reading'
      for (const range of ranges) openOne(range)
      wake.notify()
    },
    async next() {
      for (;;) {
        if (failure !== undefined) throw failure
        const ended = state === 'stopped' || complete()
        if (batch.empty && ended) return undefined
        const ripeIn = batch.ripeAt() - runtime.monotonic()
        if (!batch.empty && (ended || ripeIn <= 0)) return take()
        await wake.wait(batch.empty ? undefined : ripeIn)
      }
    },
  }
}

async function readOn(
  { partition, from, end, cutAt }: ReadRange,
  { source, kinds, take: wanted, dataset }: Reading,
  { limits, inFlight }: Gathering,
  runtime: Runtime,
  { waiting, report }: Reporting,
  signal: AbortSignal,
  add: (block: TakenBlock) => void,
  ripeAt: () => number,
): Promise<void> {
  const { format } = dataset
  const besides = wantedMetadata(dataset.metadata)
  const allKeys = besides.keys || wanted !== 'rows' || kinds.get(partition.topic)?.by === 'key'
  const keys = allKeys || format.readsKeys
  const withoutKey = allKeys ? undefined : format.isReadWithoutKey
  const room = inFlight.reserve()
  const headers = besides.headers || wanted !== 'rows'
  const due = limits.isOneOfMany ? undefined : ripeAt
  const before = wantedBefore(dataset)
  const wants = { keys, withoutKey, headers, before }
  const options = { maxBytes: limits.maxBytes, waitMs: READ_WAIT_MS, signal, ...wants, room, due }
  const repeatsIn = findRepeats(source, partition)
  const withRepeats = async (block: Block) =>
    wanted === 'messages' ? block : withRetries(() => repeatsIn(block), runtime, signal, waiting)
  const taking: Taking = { inFlight, report, signal, withRepeats, add, passed: () => runtime.crashPoint('block read') }
  for (let at = from; !signal.aborted && !end?.passedBy(at); ) {
    await inFlight.room(signal)
    const asked = runtime.monotonic()
    const found = await withRetries(() => source.read(partition, at, options), runtime, signal, waiting).finally(
      room.end,
    )
    if (signal.aborted) continue
    if (!found) {
      report({ what: 'idle', partition })
      continue
    }
    const block = cutAt ? cutBlock(found, cutAt, source) : found
    const ms = runtime.monotonic() - asked
    const portions = wanted === 'messages' ? undefined : format.unpack?.(block)
    if (portions)
      await takeUnpacked(
        block,
        (taken) => unpackBlock(taken, portions, source.positionOf, wanted === 'both'),
        ms,
        taking,
      )
    else await take(block, ms, taking)
    at = block.to
    if (limits.isOneOfMany && isAtEnd(block) && !end?.passedBy(at)) {
      await runtime.sleep(restMs(limits.everyMs, ripeAt() - runtime.monotonic()), signal).catch(() => {})
    }
  }
}

/** Whether the source had nothing after the block. */
function isAtEnd({ behind }: Block): boolean {
  return behind?.records === 0 || behind?.ms === 0
}

/** What becomes of a block that was read. */
interface Taking {
  readonly inFlight: InFlight
  readonly report: Report
  readonly signal: AbortSignal
  withRepeats(block: Block): Promise<TakenBlock>
  add(block: TakenBlock): void
  passed(): void
}

async function take(block: Block, ms: number, { inFlight, report, signal, withRepeats, add, passed }: Taking) {
  report(readEvent(block, ms))
  inFlight.add(block)
  let taken: TakenBlock | undefined
  try {
    taken = await withRepeats(block)
  } finally {
    if (!taken || signal.aborted) release(inFlight, block)
  }
  if (signal.aborted) return
  add(taken)
  passed()
}

/** Takes the records of messages that hold several in blocks of their own, as there is room for them. */
async function takeUnpacked(
  block: Block,
  unpack: (taken: TakenBlock) => Iterable<TakenBlock>,
  ms: number,
  { inFlight, report, signal, withRepeats, add, passed }: Taking,
): Promise<void> {
  const held = inFlight.reserve()
  held.claim(block.bytes.length)
  try {
    let left = ms
    for (const part of unpack(await withRepeats(block))) {
      if (signal.aborted) return
      report(readEvent(part, left))
      left = 0
      inFlight.add(part)
      add(part)
      passed()
      // Gives back its claim before it waits: readers that wait for one another's claims would wait for ever.
      held.end()
      await inFlight.room(signal)
      held.claim(block.bytes.length)
    }
  } finally {
    held.end()
    block.recycle?.()
  }
}

function readEvent({ partition, count: records, bytes, times, behind }: Block, ms: number) {
  return { what: 'read', partition, records, bytes: bytes.length, firstTime: times[0], behind, ms } as const
}

function release(inFlight: InFlight, block: Block): void {
  inFlight.used([block])
  inFlight.done([block])
}

/** Lets one task wait for what others do, or for some time to pass. */
function createWakeUp(runtime: Runtime) {
  let ringers = Promise.withResolvers<void>()
  return {
    notify() {
      ringers.resolve()
      ringers = Promise.withResolvers<void>()
    },
    async wait(withinMs: number | undefined) {
      const timer = new AbortController()
      const waits = [ringers.promise]
      if (withinMs !== undefined) waits.push(runtime.sleep(withinMs, timer.signal).catch(() => {}))
      await Promise.race(waits)
      timer.abort()
    },
  }
}

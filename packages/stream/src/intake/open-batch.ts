import type { Runtime } from '@millrace/base'
import { type Batch, batchOf } from './batch.ts'
import type { InFlight } from './in-flight.ts'
import type { Pace, PaceLimits } from './pace.ts'
import type { TakenBlock } from './repeats.ts'

/** A batch is closed by whichever comes first. */
export interface BatchLimits {
  readonly maxBytes: number
  readonly maxRows: number
  /**
   * Many pipelines begin at once. So that they commit one by one, the first batch is due at random before its first record
   * is as old as the interval is long, as it may be where another worker has read it too, and the second one takes a
   * random part of the interval. Their records are few, and are read less often.
   */
  readonly isOneOfMany?: boolean
}

/** The batch that blocks are added to. */
export interface OpenBatch {
  readonly empty: boolean
  add(block: TakenBlock): void
  /** Makes the batch due, however little it holds. */
  close(): void
  /** Returns when the batch is due, on the monotonic clock; 0 if it is due now. */
  ripeAt(): number
  /** Whether the batch is due before another worker can have read what it holds. */
  isDueSoon(): boolean
  /** Returns the batch, with those blocks that `joined` makes of its own. */
  take(joined: InFlight['joined']): Batch
}

/** Maximum time until an advance without records is committed. */
const EMPTY_ADVANCE_MS = 60_000
/**
 * Where records keep coming, batches follow one another at the interval. A batch that opens after a pause gathers for this
 * share of it, so that a burst is not committed in two.
 */
const GATHERED_SHARE = 3 / 4
/**
 * A batch that is taken late, by at most this share of the interval, does not put off those after it: batches of many
 * pipelines that a busy moment has put off would all be due together from then on.
 */
const MADE_UP_SHARE = 1 / 4
/**
 * How long a worker takes to read partitions that another one gives up. At most a share of the interval, so that few of
 * many pipelines commit while all others wait.
 */
const TAKEN_OVER = { withinMs: 5_000, share: 1 / 12 }

export function createOpenBatch(
  limits: BatchLimits & Pick<PaceLimits, 'everyMs'>,
  pace: Pace,
  runtime: Runtime,
): OpenBatch {
  let blocks: TakenBlock[] = []
  let [records, bytes, openedAt] = [0, 0, 0]
  let takenAt = Number.NEGATIVE_INFINITY
  let closed = false
  // The first batch is committed at once: users who start a worker want to see that it works.
  let everyMs = 0
  let isFirst = true
  const firstShare = runtime.random()
  let firstDueAt = Number.POSITIVE_INFINITY
  const gatheredAt = () =>
    isFirst && limits.isOneOfMany ? firstDueAt : Math.max(takenAt + everyMs, openedAt + everyMs * GATHERED_SHARE)
  const ripeAt = () => {
    if (blocks.length === 0) return Number.POSITIVE_INFINITY
    if (closed || bytes >= limits.maxBytes || records >= limits.maxRows) return 0
    if (records === 0) return openedAt + EMPTY_ADVANCE_MS
    return gatheredAt()
  }
  return {
    ripeAt,
    isDueSoon: () => ripeAt() - runtime.monotonic() < Math.min(TAKEN_OVER.withinMs, limits.everyMs * TAKEN_OVER.share),
    get empty() {
      return blocks.length === 0
    },
    add(block) {
      if (blocks.length === 0) openedAt = runtime.monotonic()
      if (isFirst && block.count > 0) {
        const left = untilAged(limits.everyMs, block.times[0] ?? 0, runtime)
        firstDueAt = Math.min(firstDueAt, runtime.monotonic() + firstShare * left)
      }
      blocks.push(block)
      closed ||= block.last ?? false
      records += block.count
      bytes += block.bytes.length
    },
    close() {
      closed = true
    },
    take(joined) {
      const batch = batchOf(joined(blocks))
      const now = runtime.monotonic()
      takenAt = Math.min(now, Math.max(gatheredAt(), now - everyMs * MADE_UP_SHARE))
      if (blocks.length > 0) {
        const paced = pace.spend()
        if (batch.records > 0) {
          everyMs = isFirst && limits.isOneOfMany ? paced * runtime.random() : paced
          isFirst = false
        }
      }
      blocks = []
      ;[records, bytes, closed] = [0, 0, false]
      return batch
    },
  }
}

/** Returns how long it takes until what was sent then has this age. Producers may set the time as they like. */
function untilAged(ageMs: number, sentAt: number, runtime: Runtime): number {
  return Math.min(ageMs, Math.max(0, sentAt + ageMs - runtime.now()))
}

import type { Runtime } from '@millrace/base'
import { type Batch, batchOf } from './batch.ts'
import type { InFlight } from './in-flight.ts'
import type { Pace } from './pace.ts'
import type { TakenBlock } from './repeats.ts'

/** A batch is closed by whichever comes first. */
export interface BatchLimits {
  readonly maxBytes: number
  readonly maxRows: number
  /**
   * Many pipelines begin at once: the second batch takes a random part of the time, so that they commit one by one. Their
   * records are few, and are read less often.
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

export function createOpenBatch(limits: BatchLimits, pace: Pace, runtime: Runtime): OpenBatch {
  let blocks: TakenBlock[] = []
  let [records, bytes, openedAt] = [0, 0, 0]
  let takenAt = Number.NEGATIVE_INFINITY
  let closed = false
  // The first batch is committed at once: users who start a worker want to see that it works.
  let everyMs = 0
  let isFirst = true
  return {
    get empty() {
      return blocks.length === 0
    },
    add(block) {
      if (blocks.length === 0) openedAt = runtime.monotonic()
      blocks.push(block)
      closed ||= block.last ?? false
      records += block.count
      bytes += block.bytes.length
    },
    close() {
      closed = true
    },
    ripeAt() {
      if (blocks.length === 0) return Number.POSITIVE_INFINITY
      if (closed || bytes >= limits.maxBytes || records >= limits.maxRows) return 0
      if (records === 0) return openedAt + EMPTY_ADVANCE_MS
      return Math.max(takenAt + everyMs, openedAt + everyMs * GATHERED_SHARE)
    },
    take(joined) {
      const batch = batchOf(joined(blocks))
      if (blocks.length > 0) {
        const paced = pace.spend()
        if (batch.records > 0) {
          everyMs = isFirst && limits.isOneOfMany ? paced * runtime.random() : paced
          isFirst = false
        }
      }
      blocks = []
      takenAt = runtime.monotonic()
      ;[records, bytes, closed] = [0, 0, false]
      return batch
    },
  }
}

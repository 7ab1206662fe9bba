import type { Runtime } from '@millrace/base'
import { type Batch, batchOf } from './batch.ts'
import type { Pace } from './pace.ts'
import type { TakenBlock } from './repeats.ts'

/** A batch is closed by whichever comes first. */
export interface BatchLimits {
  readonly maxBytes: number
  readonly maxRows: number
}

/** The batch that blocks are gathered in, and when it is ripe. */
export interface OpenBatch {
  readonly empty: boolean
  add(block: TakenBlock): void
  /** When it is ripe, on the monotonic clock: 0 where that does not wait for time. */
  ripeAt(): number
  take(): Batch
}

/** An advance without a record is committed within this time. */
const EMPTY_ADVANCE_MS = 60_000

export function createOpenBatch(limits: BatchLimits, pace: Pace, runtime: Runtime): OpenBatch {
  let blocks: TakenBlock[] = []
  let [records, bytes, openedAt] = [0, 0, 0]
  let awaited = false
  // The first batch is committed at once: whoever starts a worker wants to see that it works.
  let everyMs = 0
  return {
    get empty() {
      return blocks.length === 0
    },
    add(block) {
      if (blocks.length === 0) openedAt = runtime.monotonic()
      blocks.push(block)
      awaited ||= block.last ?? false
      records += block.count
      bytes += block.bytes.length
    },
    ripeAt() {
      if (blocks.length === 0) return Number.POSITIVE_INFINITY
      if (awaited || bytes >= limits.maxBytes || records >= limits.maxRows) return 0
      return openedAt + (records === 0 ? EMPTY_ADVANCE_MS : everyMs)
    },
    take() {
      const batch = batchOf(blocks)
      if (blocks.length > 0) {
        const paced = pace.spend()
        if (batch.records > 0) everyMs = paced
      }
      blocks = []
      ;[records, bytes, awaited] = [0, 0, false]
      return batch
    },
  }
}

import { onAbort } from '@millrace/base'
import { type Block, type Partition, partitionKey, type ReadRoom } from '@millrace/transport'
import type { Report } from '../telemetry.ts'
import type { ByteBudget } from './budget.ts'
import { groupSmallBlocks, joinBlocks } from './join-blocks.ts'
import type { TakenBlock } from './repeats.ts'

/** The blocks that one pipeline has read and not yet committed or dropped. */
export interface InFlight {
  /** Settles when the worker has room for more bytes. */
  room(signal: AbortSignal): Promise<void>
  /** Counts the bytes that one read builds, until `end`: several blocks are built before the first is added. */
  reserve(): Reservation
  add(block: Block): void
  /** Counts the blocks of the open batch. `due` is called when that is to be closed, so that there will be room. */
  openBatch(due: () => void): OpenBatchShare
  /** Joins small blocks: what they hold is held by fewer from now on. */
  joined(blocks: readonly TakenBlock[]): readonly TakenBlock[]
  /** Releases the bytes of these blocks. */
  used(blocks: readonly Block[]): void
  /** Marks these blocks as committed or dropped. */
  done(blocks: readonly TakenBlock[]): void
  /** Settles when nothing of these partitions is in flight, or when the signal aborts. */
  cleared(partitions: readonly Partition[], signal: AbortSignal): Promise<void>
}

export interface OpenBatchShare {
  hold(block: TakenBlock): void
  end(): void
}

export interface Reservation extends ReadRoom {
  end(): void
}

/** Minimum memory of a record: a rejected one costs about this much, however small it is. */
const RECORD_BYTES = 256

function weightOf({ bytes, count, keys, headers }: Block): number {
  return Math.max(bytes.length + lengthOf(keys) + lengthOf(headers), count * RECORD_BYTES)
}

/** Returns the length of all texts; records that come out of one message share theirs. */
function lengthOf(texts: Block['keys'] = []): number {
  return texts.reduce((sum, text, i) => (text === undefined || text === texts[i - 1] ? sum : sum + text.length), 0)
}

export function trackInFlight(budget: ByteBudget, report: Report): InFlight {
  const counts = new Map<string, number>()
  let ended = Promise.withResolvers<void>()
  const change = (block: Block, by: number) => {
    const key = partitionKey(block.partition)
    const count = (counts.get(key) ?? 0) + by
    if (count === 0) counts.delete(key)
    else counts.set(key, count)
  }
  const used = (blocks: readonly Block[]) => {
    for (const block of blocks) block.recycle?.()
    budget.give(blocks.reduce((sum, block) => sum + weightOf(block), 0))
  }
  return {
    used,
    room: (signal) => budget.room(signal),
    reserve() {
      let claimed = 0
      return {
        get open() {
          return budget.open
        },
        opened: (signal) => budget.room(signal),
        claim(bytes) {
          budget.take(bytes)
          claimed += bytes
        },
        end() {
          budget.give(claimed)
          claimed = 0
        },
      }
    },
    add(block) {
      change(block, 1)
      budget.take(weightOf(block))
    },
    openBatch(due) {
      const share = budget.openShare(due)
      return { hold: (block) => share.hold(weightOf(block)), end: share.end }
    },
    joined(blocks) {
      return groupSmallBlocks(blocks).map(([first, ...more]) => {
        if (more.length === 0) return first
        const joined = joinBlocks([first, ...more])
        budget.take(weightOf(joined))
        used([first, ...more])
        return joined
      })
    },
    done(blocks) {
      for (const block of blocks) change(block, -partsOf(block))
      report({ what: 'released', ...countBlocks(blocks) })
      ended.resolve()
      ended = Promise.withResolvers()
    },
    async cleared(partitions, signal) {
      const aborted = Promise.withResolvers<void>()
      using _ = onAbort(signal, aborted.resolve)
      while (!signal.aborted && partitions.some((partition) => counts.has(partitionKey(partition)))) {
        await Promise.race([ended.promise, aborted.promise])
      }
    },
  }
}

function partsOf({ parts = 1 }: TakenBlock): number {
  return parts
}

function countBlocks(blocks: readonly TakenBlock[]) {
  const counts = new Map<Partition, number>()
  for (const block of blocks) counts.set(block.partition, (counts.get(block.partition) ?? 0) + partsOf(block))
  return { bytes: blocks.reduce((sum, { bytes }) => sum + bytes.length, 0), blocks: counts }
}

import { type Partition, partitionKey } from '../source.ts'
import type { Cursors } from './cursor.ts'
import { type Entry, entriesOf } from './entries.ts'
import { refuseOtherStart } from './gap.ts'
import { fromKinesis, isThrottled, nameOf } from './kinesis-error.ts'
import type { ShardPosition } from './position.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Shard, Stream } from './streams.ts'

/** Where reading goes on after a position that was handed over. */
export interface Bookmark {
  /** Undefined: the shard has ended. */
  readonly iterator: string | undefined
  /** Came with the last page, and has not been handed over. */
  readonly entries: readonly Entry[]
  /** Where that page ends, or reading begins. */
  readonly pageEnd: ShardPosition
  /** Not a record has come from here. */
  readonly fresh: boolean
  /** There was nothing more at the last look. */
  readonly atTip: boolean
  /** How much newer the shard's newest record was than the last page. */
  readonly behindMs: number
}

export interface ShardContext {
  readonly partition: Partition
  readonly stream: Stream
  readonly shard: Shard
  readonly cursors: Cursors
  readonly rateLimit: RateLimit
}

export function bookmarkAt(iterator: string, shardPosition: ShardPosition): Bookmark {
  return { iterator, entries: [], pageEnd: shardPosition, fresh: true, atTip: false, behindMs: 0 }
}

/** One page on; undefined when none was to be had just now. */
export async function nextPage(
  { iterator = '', pageEnd, fresh }: Bookmark,
  { partition, stream, shard, cursors, rateLimit }: ShardContext,
  signal: AbortSignal | undefined,
): Promise<Bookmark | undefined> {
  try {
    const page = await cursors.next(iterator, { signal })
    rateLimit.succeeded()
    if (fresh) refuseOtherStart(partition, pageEnd, page)
    const last = page.records.at(-1)?.SequenceNumber
    return {
      iterator: page.iterator,
      entries: entriesOf(page.records, shard, pageEnd),
      pageEnd: last === undefined ? pageEnd : { ...pageEnd, sequence: BigInt(last), next: 'after' },
      fresh: fresh && last === undefined,
      atTip: page.atTip && page.iterator !== undefined,
      behindMs: page.behindMs,
    }
  } catch (error) {
    if (signal?.aborted) return undefined
    if (isThrottled(error)) return void rateLimit.slowDown()
    if (nameOf(error) !== 'ExpiredIteratorException') throw fromKinesis(error, partitionKey(partition))
    return bookmarkAt(await cursors.iteratorAt(partition, stream, pageEnd), pageEnd)
  }
}

/** Also over what is none of this shard's: then there is nothing to hand over but how far it has been read. */
export function hasMoved({ pageEnd }: Bookmark, { sequence, next }: ShardPosition): boolean {
  return pageEnd.sequence !== sequence || pageEnd.next !== next
}

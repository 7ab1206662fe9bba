import { type Partition, partitionKey } from '../source.ts'
import type { Cursors } from './cursor.ts'
import { type Entries, entriesOf, refilled } from './entries.ts'
import { refuseOtherStart } from './gap.ts'
import { fromKinesis, isThrottled, nameOf } from './kinesis-error.ts'
import type { ShardPosition } from './position.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Shard, Stream } from './streams.ts'

/** The state of reading at a position: the iterator, and records of the last page that were not yet returned. */
export interface Bookmark extends Entries {
  /** Undefined when the shard has ended. */
  readonly iterator: string | undefined
  /** The position after that page, or where reading begins. */
  readonly pageEnd: ShardPosition
  /** Whether no record has come yet since reading began. */
  readonly fresh: boolean
  /** Whether the last page was at the tip of the shard. */
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
  return { iterator, entries: [], waiting: [], pageEnd: shardPosition, fresh: true, atTip: false, behindMs: 0 }
}

/** Fetches the next page; undefined when it cannot be had now. */
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
      ...refilled(entriesOf(page.records, shard, pageEnd), shard),
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

/** Whether reading has advanced, be it only over records of other shards: then there is progress to return. */
export function hasMoved({ pageEnd }: Bookmark, { sequence, next }: ShardPosition): boolean {
  return pageEnd.sequence !== sequence || pageEnd.next !== next
}

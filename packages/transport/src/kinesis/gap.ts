import { MillraceError, type Runtime } from '@millrace/base'
import { type Partition, partitionKey } from '../source.ts'
import type { Cursors, Page } from './cursor.ts'
import { outOfRange } from './kinesis-error.ts'
import type { ShardPosition } from './position.ts'
import type { Stream } from './streams.ts'

/**
 * Kinesis itself jumps, in silence, over what retention has taken. A position that was good less than the retention
 * time ago has lost nothing; an older one has lost nothing if its record is still there, since then all that came
 * after it is too.
 */
export async function refuseGap(
  partition: Partition,
  stream: Stream,
  shardPosition: ShardPosition,
  cursors: Cursors,
  runtime: Runtime,
): Promise<void> {
  if (shardPosition.through > runtime.now() - stream.retentionMs) return
  if (shardPosition.sequence !== 0n && (await holds(partition, stream, shardPosition, cursors, runtime))) return
  throw new MillraceError(
    'OFFSET_OUT_OF_RANGE',
    `${partitionKey(partition)} was last read through ${new Date(shardPosition.through).toISOString()}, and the stream keeps records for ${stream.retentionMs / 3_600_000} hours`,
  )
}

const ASK_EVERY_MS = 200

async function holds(
  partition: Partition,
  stream: Stream,
  { sequence, through }: ShardPosition,
  cursors: Cursors,
  runtime: Runtime,
): Promise<boolean> {
  let iterator: string | undefined = await cursors.iteratorAt(partition, stream, { sequence, next: 0, through })
  while (iterator !== undefined) {
    const page: Page = await cursors.next(iterator, { limit: 1 })
    const [first] = page.records
    if (first) return first.SequenceNumber === String(sequence)
    if (page.atTip) return false
    iterator = page.iterator
    await runtime.sleep(ASK_EVERY_MS)
  }
  return false
}

/** A shard that is asked for a record hands over the next one that it still has. */
export function refuseOtherStart(partition: Partition, { sequence, next }: ShardPosition, page: Page): void {
  const [first] = page.records
  if (sequence === 0n || typeof next !== 'number' || !first) return
  if (first.SequenceNumber !== String(sequence)) throw outOfRange(partition, sequence)
}

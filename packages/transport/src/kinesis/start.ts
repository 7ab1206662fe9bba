import type { Runtime } from '@millrace/base'
import type { StartPosition } from '../source.ts'
import type { ShardPosition } from './position.ts'
import type { Shard, Stream } from './streams.ts'

/** Records that expire within this time are skipped: they could expire before they are read. */
const ROOM_MS = 300_000

/**
 * Returns the concrete position that a start position means now. It is a time rather than a record: there may be no
 * record yet, and Kinesis has no call that returns the last one.
 */
export function startOf(stream: Stream, shard: Shard, start: StartPosition, runtime: Runtime): ShardPosition {
  const now = runtime.now()
  const earliest = Math.max(stream.createdAt, now - stream.retentionMs + ROOM_MS)
  if (start === 'earliest') return { sequence: 0n, next: 0, through: earliest }
  if (start === 'latest') return { sequence: 0n, next: shard.closed ? 'end' : 0, through: now }
  return { sequence: 0n, next: 0, through: Math.max(earliest, start.time) }
}

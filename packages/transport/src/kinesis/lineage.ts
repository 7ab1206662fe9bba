import type { Runtime } from '@millrace/base'
import type { Partition } from '../source.ts'
import type { Shard, Stream } from './streams.ts'

const LOOK_EVERY_MS = 100

/**
 * A shard that was split or merged is read to its end, and that is committed, before its children are read: so the
 * records of one key keep their order. False when the parents are not that far within the given time.
 */
export async function parentsEnded(
  stream: Stream,
  shard: Shard,
  isFinished: (shardKey: string) => boolean,
  withinMs: number,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const deadline = runtime.monotonic() + withinMs
  // A parent that the stream lists no more held nothing that retention had not taken.
  const waitingFor = shard.parents.filter((id) => stream.shards.has(id)).map((id) => shardKey(partitionOf(stream, id)))
  while (!waitingFor.every(isFinished)) {
    const left = deadline - runtime.monotonic()
    if (left <= 0 || signal?.aborted) return false
    await runtime.sleep(Math.min(left, LOOK_EVERY_MS), signal).catch(() => {})
  }
  return true
}

export function partitionsOf(stream: Stream): Partition[] {
  return [...stream.shards.keys()].map((id) => partitionOf(stream, id))
}

function partitionOf({ name, identity }: Stream, id: string): Partition {
  return { topic: name, identity, id }
}

/** How a shard is called among all that a group shares; `/` parts its own name from what it belongs to. */
export function shardKey({ topic, identity, id }: Partition): string {
  return `${topic}@${identity}/${id}`
}

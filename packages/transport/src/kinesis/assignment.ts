import { MillraceError, type Runtime } from '@millrace/base'
import type { Partition, PartitionListener } from '../source.ts'
import { partitionsOf, shardKey } from './lineage.ts'
import type { OpenSharing } from './sharing.ts'
import type { Streams } from './streams.ts'

/** Which shards there are, and which of them are this reader's. */
export interface Assignment {
  /** Settles when the first shards have been assigned. */
  readonly begun: Promise<void>
  /** Looks for new shards now. */
  lookAgain(): Promise<void>
  /** The tables have this shard to its end; or not (any more). */
  finish(partition: Partition, finished: boolean): void
  /** Whether anyone of the group says so of a shard. */
  finished(shardKey: string): boolean
  close(): Promise<void>
}

export interface AssignmentParts {
  readonly topics: readonly string[]
  readonly streams: Streams
  readonly listener: PartitionListener
  readonly runtime: Runtime
  readonly openSharing: OpenSharing
}

const LOOK_EVERY_MS = 30_000

/**
 * All shards are assigned at once, closed ones and children too: so all of a new pipeline start where it was told
 * to. Reading waits for the parents.
 */
export function assignShards({ topics, streams, listener, runtime, openSharing }: AssignmentParts): Assignment {
  const closing = new AbortController()
  const known = new Map<string, Partition>()
  const partitions = (names: readonly string[]) => names.flatMap((name) => known.get(name) ?? [])
  const sharing = openSharing({
    gained: (names) => listener.assigned(partitions(names)),
    lost: (names) => listener.revoked(partitions(names)),
  })
  const look = async () => {
    const found = await Promise.all(topics.map((topic) => streams.refreshed(topic)))
    const listed = new Map(found.flatMap(partitionsOf).map((partition) => [shardKey(partition), partition]))
    for (const [key, partition] of listed) known.set(key, partition)
    // One that is gone before it was read to its end stays, so that reading it says so.
    const wanted = [...known.keys()].filter((key) => listed.has(key) || !sharing.finished(key))
    await sharing.share(wanted)
  }
  // What can pass by itself does; of the rest a reader is told.
  const told = (error: unknown) => {
    if (error instanceof MillraceError && !error.retry) listener.failed?.(error)
  }
  const keepLooking = async () => {
    while (!closing.signal.aborted) {
      await runtime.sleep(LOOK_EVERY_MS, closing.signal).catch(() => {})
      if (!closing.signal.aborted) await look().catch(told)
    }
  }
  const begun = look()
  const looking = begun.then(keepLooking, () => {})
  return {
    begun,
    lookAgain: () => look().catch(told),
    finish: (partition, finished) => sharing.finish(shardKey(partition), finished),
    finished: sharing.finished,
    async close() {
      closing.abort()
      await looking
      await sharing.close()
    },
  }
}

import { MillraceError, type Runtime } from '@millrace/base'
import type { Partition, PartitionListener } from '../source.ts'
import { partitionsOf, shardKey } from './lineage.ts'
import type { OpenLeases } from './sole-owner.ts'
import type { Streams } from './streams.ts'

/** Which shards there are, and which of them are this reader's. */
export interface Assignment {
  /** Settles when the first shards have been assigned. */
  readonly begun: Promise<void>
  /** Lists the shards again, now. */
  refresh(): Promise<void>
  /** Marks a shard as committed to its end, or as not. */
  finish(partition: Partition, finished: boolean): void
  /** Whether some member of the group has marked the shard as finished. */
  finished(shardKey: string): boolean
  close(): Promise<void>
}

export interface AssignmentParts {
  /** The streams that are wanted now. */
  readonly topics: () => readonly string[]
  readonly streams: Streams
  readonly listener: PartitionListener
  readonly runtime: Runtime
  readonly openLeases: OpenLeases
}

const REFRESH_EVERY_MS = 30_000

/**
 * All shards are assigned at once, closed ones and children too: so all of a new pipeline start where it was reportFailure
 * to. Reading waits for the parents.
 */
export function assignShards({ topics, streams, listener, runtime, openLeases }: AssignmentParts): Assignment {
  const closing = new AbortController()
  const known = new Map<string, Partition>()
  const partitions = (names: readonly string[]) => names.flatMap((name) => known.get(name) ?? [])
  const leases = openLeases({
    gained: (names) => listener.assigned(partitions(names)),
    lost: (names) => listener.revoked(partitions(names)),
  })
  const refresh = async () => {
    const found = await Promise.all(topics().map((topic) => streams.refreshed(topic)))
    const listed = new Map(found.flatMap(partitionsOf).map((partition) => [shardKey(partition), partition]))
    for (const [key, partition] of listed) known.set(key, partition)
    // A shard that is gone before it was read to its end stays, so that reading it fails with the reason.
    const wanted = [...known].filter(
      ([key, { topic }]) => listed.has(key) || (topics().includes(topic) && !leases.finished(key)),
    )
    await leases.share(wanted.map(([key]) => key))
  }
  // Failures that a retry can heal are retried at the next refresh; the others are reported to the reader.
  const reportFailure = (error: unknown) => {
    if (error instanceof MillraceError && !error.retry) listener.failed?.(error)
  }
  const keepRefreshing = async () => {
    while (!closing.signal.aborted) {
      await runtime.sleep(REFRESH_EVERY_MS, closing.signal).catch(() => {})
      if (!closing.signal.aborted) await refresh().catch(reportFailure)
    }
  }
  const begun = refresh()
  const refreshing = begun.then(keepRefreshing, () => {})
  return {
    begun,
    refresh: () => refresh().catch(reportFailure),
    finish: (partition, finished) => leases.finish(shardKey(partition), finished),
    finished: leases.finished,
    async close() {
      closing.abort()
      await refreshing
      await leases.close()
    },
  }
}

import { MillraceError, type Runtime } from '@millrace/base'
import { openLeases } from '@millrace/store'
import type { Partition, Source, SourceOptions } from '../source.ts'
import { parseKinesisAddress } from './address.ts'
import { type Assignment, assignShards } from './assignment.ts'
import { openClient } from './client.ts'
import { openCursors } from './cursor.ts'
import { parentsEnded, partitionsOf, shardKey } from './lineage.ts'
import { decodePosition, encodePosition, positionOfRecord } from './position.ts'
import { createShardReader, type ShardReader } from './shard-reader.ts'
import { type OpenLeases, soleOwnerLeases } from './sole-owner.ts'
import { startOf } from './start.ts'
import { openStreams } from './streams.ts'

/** Kinesis: shards in the order of their lineage, polled; who reads which is agreed on by leases in the store. */
export function kinesisSource(address: string, runtime: Runtime, { group, store }: SourceOptions): Source {
  const client = openClient(parseKinesisAddress(address))
  const streams = openStreams(client)
  const cursors = openCursors(client, streams)
  const readers = new Map<string, ShardReader>()
  let assignment: Assignment | undefined
  let topics: readonly string[] = []

  const readerOf = (partition: Partition): ShardReader => {
    const reader = readers.get(shardKey(partition)) ?? createShardReader(partition, cursors, runtime)
    readers.set(shardKey(partition), reader)
    return reader
  }
  return {
    url: address,
    async subscribe(wanted, listener) {
      if (assignment) throw new MillraceError('INTERNAL', 'a Kinesis source is subscribed once')
      topics = wanted
      const openGroupLeases: OpenLeases = (listener) =>
        group === undefined || store === undefined
          ? soleOwnerLeases(listener)
          : openLeases(store, `_millrace/leases/${encodeURIComponent(group)}`, { listener }, runtime)
      assignment = assignShards({ topics: () => topics, streams, listener, runtime, openLeases: openGroupLeases })
      await assignment.begun
    },
    async resubscribe(wanted) {
      topics = wanted
      await assignment?.refresh()
    },
    partitions: async (topic) => partitionsOf(await streams.refreshed(topic)),
    async resolve(partition, start) {
      const { stream, shard } = await streams.shardOf(partition)
      // Taken before the time: records that arrive from then on are read, by this iterator or from that time.
      const iterator = start === 'latest' && !shard.closed ? await cursors.latest(partition) : undefined
      const position = encodePosition(startOf(stream, shard, start, runtime))
      if (iterator !== undefined) readerOf(partition).remember(position, iterator)
      return position
    },
    end: async (partition) => readerOf(partition).end(),
    async read(partition, from, options) {
      const { waitMs, signal } = options
      if (decodePosition(from).next === 'end') return void (await runtime.sleep(waitMs, signal).catch(() => {}))
      const { stream, shard } = await streams.shardOf(partition)
      const subscribed = assignment
      const open = !subscribed || (await parentsEnded(stream, shard, subscribed.finished, waitMs, runtime, signal))
      if (!open) return undefined
      const block = await readerOf(partition)
        .read(from, stream, shard, options)
        .catch(async (error: unknown) => {
          await explain(error, partition)
          throw error
        })
      if (block?.last) await subscribed?.refresh()
      return block
    },
    positionOf: (name) => encodePosition(positionOfRecord(String(name))),
    async acknowledge(positions) {
      for (const [partition, position] of positions) {
        assignment?.finish(partition, decodePosition(position).next === 'end')
      }
    },
    async close() {
      await assignment?.close()
      client.destroy()
    },
  }

  /** A stream that is gone, or another one by now, says so before what Kinesis says of an iterator of it. */
  async function explain(error: unknown, partition: Partition): Promise<void> {
    if (!(error instanceof MillraceError) || error.retry) return
    await streams.refreshed(partition.topic)
    await streams.shardOf(partition)
  }
}

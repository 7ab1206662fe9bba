import { MillraceError, type Runtime } from '@millrace/base'
import { openLake } from '@millrace/store'
import type { Partition, Source } from '../source.ts'
import { parseArchiveAddress } from './address.ts'
import { openConnectReader } from './connect-reader.ts'
import { positionOfName } from './names.ts'
import type { PartitionReader } from './partition-reader.ts'
import { openReader } from './reader.ts'
import { CONNECT, partitionsIn } from './topics.ts'

/**
 * An archive as a source: the messages in their order, by the offsets, times and keys that they had. Every partition
 * belongs to whoever subscribes: the tables' own commits fence two workers of one group.
 */
export function archiveSource(address: string, runtime: Runtime): Source {
  const { place } = parseArchiveAddress(address)
  const opened = openLake(place, { runtime })
  const readers = opened.then((store) => ({
    own: openReader(store, runtime),
    connect: openConnectReader(store, runtime),
  }))
  const readerOf = async ({ identity }: Partition): Promise<PartitionReader> => {
    const { own, connect } = await readers
    return identity === CONNECT ? connect : own
  }
  const partitions = async (topic: string) => {
    const found = await partitionsIn(await opened, topic)
    if (found.length === 0) throw new MillraceError('TOPIC_MISSING', `${address} has no topic ${topic}`)
    return found
  }
  return {
    url: address,
    async subscribe(topics, { assigned }) {
      await assigned((await Promise.all(topics.map(partitions))).flat())
    },
    partitions,
    resolve: async (partition, start) => (await readerOf(partition)).resolve(partition, start),
    end: async (partition) => (await readerOf(partition)).end(partition),
    read: async (partition, from, options) => (await readerOf(partition)).read(partition, from, options),
    positionOf: positionOfName,
    acknowledge: async () => {},
    close: async () => {},
  }
}

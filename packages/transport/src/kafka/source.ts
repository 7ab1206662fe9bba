import { MillraceError, type Runtime } from '@millrace/base'
import { endAt, type Source, type SourceOptions } from '../source.ts'
import { parseKafkaAddress } from './address.ts'
import { openCluster } from './cluster.ts'
import { createReader } from './fetch/reader.ts'
import { createAcknowledger } from './group/acknowledger.ts'
import { groupRequests } from './group/group-requests.ts'
import { joinGroup, type Membership, readAll } from './group/membership.ts'
import { knownPartitions, partitionsOf } from './group/partitions.ts'
import { type Subscription, subscriptionTo } from './group/subscription.ts'
import { createOffsets } from './offsets.ts'

const ANSWER_WITHIN_MS = 15_000

/** Kafka: our own reading of Fetch responses; the library's connections, login and protocol for all the rest. */
export function kafkaSource(address: string, runtime: Runtime, { group, member }: SourceOptions): Source {
  const target = parseKafkaAddress(address, process.env)
  const cluster = openCluster(target, ANSWER_WITHIN_MS, runtime)
  const offsets = createOffsets(cluster)
  const reader = createReader(cluster, offsets, target.security, runtime)
  const closing = new AbortController()
  let membership: Membership | undefined
  let wanted: Subscription | undefined
  const acknowledger = createAcknowledger(async (offsets) => membership?.commit(offsets), runtime, closing.signal)
  return {
    url: address,
    async subscribe(topics, listener) {
      if (membership) throw new MillraceError('INTERNAL', 'a Kafka source is subscribed once')
      wanted = subscriptionTo(topics)
      const partitions = knownPartitions(cluster, wanted, await cluster.topics(topics))
      membership =
        group === undefined
          ? readAll(partitions, listener, runtime)
          : joinGroup(
              groupRequests(target, cluster, { group, wanted, instance: member ?? null }, runtime),
              partitions,
              wanted,
              listener,
              runtime,
            )
      await membership.begun
    },
    async resubscribe(topics) {
      wanted?.change(topics)
      membership?.resubscribe()
    },
    partitions: async (topic) => (await cluster.topics([topic])).flatMap(partitionsOf),
    resolve: offsets.resolve,
    end: async (partition) => endAt(await offsets.end(partition)),
    read: reader.read,
    positionOf: (offset) => [BigInt(offset)],
    acknowledge: acknowledger.acknowledge,
    async close() {
      closing.abort()
      reader.close()
      await membership?.close()
      await cluster.close()
    },
  }
}

import { MillraceError } from '@millrace/base'
import { type Partition, partitionKey } from '../source.ts'
import type { PartitionLeader, Topic } from './cluster.ts'
import type { Broker } from './security.ts'

/** Returns the partition's leader; throws where the topic is no longer the one that was assigned. */
export function leaderOf(topic: Topic, partition: Partition): PartitionLeader & { readonly leader: Broker } {
  if (topic.identity !== partition.identity) {
    throw new MillraceError('SOURCE_CHANGED', `topic ${topic.name} was deleted and made again`)
  }
  const { leader, leaderEpoch = -1 } = topic.partitions[Number(partition.id)] ?? {}
  if (!leader) throw new MillraceError('SOURCE_UNREACHABLE', `${partitionKey(partition)} has no leader now`)
  return { leader, leaderEpoch }
}

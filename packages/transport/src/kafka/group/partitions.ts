import { type Partition, partitionKey } from '../../source.ts'
import type { Cluster, Topic } from '../cluster.ts'
import type { Assignment } from './assignment.ts'
import type { Subscription } from './subscription.ts'

/** The partitions of the topics that are read, with the identity that their topic has now. */
export interface Partitions {
  /** All that there are now. */
  all(): Promise<Partition[]>
  /** These, as the brokers have them now. */
  learn(assignment: Assignment): Promise<Partition[]>
  /** These, as they were learned. */
  named(assignment: Assignment): Partition[]
  /** Whether topics have got more partitions since this was last asked. */
  grew(): Promise<boolean>
}

export function knownPartitions(
  cluster: Cluster,
  wanted: Pick<Subscription, 'topics'>,
  firstSeen: readonly Topic[],
): Partitions {
  const learned = new Map<string, Partition>()
  let counts = countsOf(firstSeen)
  const learn = (partitions: Partition[]) => {
    for (const partition of partitions) learned.set(partitionKey(partition), partition)
    return partitions
  }
  return {
    async all() {
      const found = await cluster.presentTopics(wanted.topics)
      return learn(found.flatMap(partitionsOf))
    },
    async learn(assignment) {
      if (assignment.size === 0) return []
      const found = await cluster.presentTopics([...assignment.keys()])
      return learn(
        found.flatMap(({ name, identity }) =>
          [...(assignment.get(name) ?? [])].map((id) => ({ topic: name, identity, id: String(id) })),
        ),
      )
    },
    named: (assignment) =>
      [...assignment].flatMap(([topic, ids]) => [...ids].flatMap((id) => learned.get(`${topic}/${id}`) ?? [])),
    async grew() {
      const now = countsOf(await cluster.presentTopics(wanted.topics))
      const more = wanted.topics.some((topic) => (now.get(topic) ?? 0) > (counts.get(topic) ?? 0))
      counts = now
      return more
    },
  }
}

export function partitionsOf({ name, identity, partitions }: Topic): Partition[] {
  return partitions.map((_, id) => ({ topic: name, identity, id: String(id) }))
}

function countsOf(topics: readonly Topic[]): Map<string, number> {
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

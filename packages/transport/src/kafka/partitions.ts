import type { Partition } from '../source.ts'
import type { Assignment } from './assignment.ts'
import type { Cluster, Topic } from './cluster.ts'

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

export function knownPartitions(cluster: Cluster, topics: readonly string[], firstSeen: readonly Topic[]): Partitions {
  const learned = new Map<string, Partition>()
  let counts = countsOf(firstSeen)
  const partitionOf = ({ name, identity }: Topic, id: number): Partition => {
    const partition = { topic: name, identity, id: String(id) }
    learned.set(`${name}/${id}`, partition)
    return partition
  }
  return {
    async all() {
      const found = await cluster.topics(topics)
      return found.flatMap((topic) => topic.partitions.map((_, id) => partitionOf(topic, id)))
    },
    async learn(assignment) {
      if (assignment.size === 0) return []
      const found = await cluster.topics([...assignment.keys()])
      return found.flatMap((topic) => [...(assignment.get(topic.name) ?? [])].map((id) => partitionOf(topic, id)))
    },
    named: (assignment) =>
      [...assignment].flatMap(([topic, ids]) => [...ids].flatMap((id) => learned.get(`${topic}/${id}`) ?? [])),
    async grew() {
      const now = countsOf(await cluster.topics(topics))
      const more = topics.some((topic) => (now.get(topic) ?? 0) > (counts.get(topic) ?? 0))
      counts = now
      return more
    },
  }
}

function countsOf(topics: readonly Topic[]): Map<string, number> {
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

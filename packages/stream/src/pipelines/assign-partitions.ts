import { type Partition, partitionKey } from '@millrace/transport'
import type { PipelineIndex, Running } from './pipeline-index.ts'

/** Assigns partitions to the pipelines that read their topics, and an empty list to the others. */
export function assignPartitions({ all, readers }: PipelineIndex) {
  const owned = new Map<string, Partition>()
  let hasBegun = false
  const toEach = (partitions: readonly Partition[]) => {
    const mine = new Map<Running, Partition[]>(all().map((running) => [running, []]))
    for (const partition of partitions) {
      for (const running of readers(partition.topic)) mine.get(running)?.push(partition)
    }
    return [...mine]
  }
  const assign = ({ pipeline, assigned }: Running, partitions: readonly Partition[]) => {
    for (const { id } of partitions) assigned.add(id)
    pipeline.assign(partitions)
  }
  return {
    async assigned(partitions: readonly Partition[]) {
      hasBegun = true
      for (const partition of partitions) owned.set(partitionKey(partition), partition)
      for (const [running, mine] of toEach(partitions)) assign(running, mine)
    },
    async revoked(partitions: readonly Partition[]) {
      for (const partition of partitions) owned.delete(partitionKey(partition))
      const revoking = toEach(partitions).map(([{ pipeline, assigned }, mine]) => {
        for (const { id } of mine) assigned.delete(id)
        return pipeline.revoke(mine)
      })
      await Promise.all(revoking)
    },
    /** Assigns to a pipeline that comes later what this worker has of its topics already. */
    again(running: Running) {
      if (!hasBegun) return
      assign(
        running,
        [...owned.values()].filter(({ topic }) => running.topics.has(topic)),
      )
    },
  }
}

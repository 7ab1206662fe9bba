import { quarantinePath } from '@millrace/outputs'
import type { OpenedRoute } from './open-route.ts'
import type { Pipeline } from './pipeline.ts'

/** A pipeline of this worker. */
export interface Running extends OpenedRoute {
  readonly pipeline: Pipeline
  /** Others may come and go where a pattern chooses them. */
  readonly topics: Set<string>
  /** Topics that it has read before: a read of one may be under way when it goes. */
  readonly left: Set<string>
  readonly held: AsyncDisposableStack
  /** Ids of the partitions that this worker has. */
  readonly assigned: Set<string>
  /** Commits of this worker. */
  readonly commits: { all: number; withRejected: number }
}

/** The pipelines of a worker, by what they read and write. */
export interface PipelineIndex {
  all(): Running[]
  of(dataset: string): Running | undefined
  readers(topic: string): readonly Running[]
  topics(): string[]
  /** By the names of all tables, quarantines too. */
  readonly tables: ReadonlyMap<string, Running>
  /** Returns what it has added. */
  add(running: Running): Running
  remove(running: Running): void
  setTopics(running: Running, topics: readonly string[]): void
}

export function createPipelineIndex(): PipelineIndex {
  const byDataset = new Map<string, Running>()
  const byTopic = new Map<string, Running[]>()
  const tables = new Map<string, Running>()
  const setTopics = (running: Running, topics: readonly string[]) => {
    for (const topic of running.topics) {
      const left = (byTopic.get(topic) ?? []).filter((other) => other !== running)
      if (left.length === 0) byTopic.delete(topic)
      else byTopic.set(topic, left)
    }
    for (const topic of running.topics) if (!topics.includes(topic)) running.left.add(topic)
    running.topics.clear()
    for (const topic of topics) {
      running.topics.add(topic)
      byTopic.set(topic, [...(byTopic.get(topic) ?? []), running])
    }
  }
  return {
    all: () => [...byDataset.values()],
    of: (dataset) => byDataset.get(dataset),
    readers: (topic) => byTopic.get(topic) ?? [],
    topics: () => [...byTopic.keys()],
    tables,
    add(running) {
      const { dataset, table, topics } = running.route
      byDataset.set(dataset, running)
      tables.set(table, running).set(quarantinePath(table), running)
      setTopics(running, topics)
      return running
    },
    remove(running) {
      const { dataset, table } = running.route
      setTopics(running, [])
      byDataset.delete(dataset)
      tables.delete(table)
      tables.delete(quarantinePath(table))
    },
    setTopics,
  }
}

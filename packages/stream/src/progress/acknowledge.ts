import { type Partition, type Position, partitionKey, reached, type Source } from '@millrace/transport'

/** Reports the committed positions of one pipeline, in a source that several of them read. */
export type Acknowledge = Source['acknowledge']

/**
 * Acknowledges only what every pipeline on the topic has committed: a shard whose end only some have reached has not
 * been read to its end. Answers one for each pipeline, by the topics it reads.
 */
export function acknowledgeTogether(source: Source, readersOf: (topic: string) => number): () => Acknowledge {
  const reported = new Map<string, Map<number, Position>>()
  let pipelines = 0
  return () => {
    const me = pipelines++
    return async (positions) => {
      const common = new Map<Partition, Position>()
      for (const [partition, position] of positions) {
        const key = `${partition.identity}/${partitionKey(partition)}`
        const each = reported.get(key) ?? new Map<number, Position>()
        reported.set(key, each.set(me, position))
        if (each.size === readersOf(partition.topic)) common.set(partition, least([...each.values()]))
      }
      if (common.size > 0) await source.acknowledge(common)
    }
  }
}

function least(positions: readonly Position[]): Position {
  return positions.reduce((lowest, position) => (reached(position, lowest) ? lowest : position))
}

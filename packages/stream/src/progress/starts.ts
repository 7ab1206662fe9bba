import { MillraceError, type Runtime } from '@millrace/base'
import type { PipelineBegun, PipelineOutputs, StoredAdvance } from '@millrace/outputs'
import { type Partition, partitionKey, type Source, type StartPosition } from '@millrace/transport'

/** Start of a pipeline. */
export interface Start {
  readonly source: Source
  /** For a topic that this pipeline has never read. */
  readonly position: StartPosition
  /** Whether an output that is new to the pipeline begins at the source's beginning. */
  readonly backFills?: boolean
}

export interface BegunAtStart extends PipelineBegun {
  /** Topics in which this pipeline had progress before. */
  readonly resumed: readonly string[]
}

const TRIES = 20

/**
 * Begins the outputs, and makes durable where each partition begins before anything is read: no progress does not
 * mean new. The worker that meets a topic first stores the starts of all of its partitions, in the commit of all topics that it meets, also of
 * those that other workers read; a partition that is not among them came later, and begins at its beginning.
 */
export async function beginWithStarts(
  outputs: PipelineOutputs,
  partitions: readonly Partition[],
  start: Start,
  runtime: Runtime,
): Promise<BegunAtStart> {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  let resumed: string[] | undefined
  for (let tries = 0; tries <= TRIES; tries++) {
    const { source } = start
    const begun = await outputs.begin(
      partitions,
      start.backFills ? (partition) => source.resolve(partition, 'earliest') : undefined,
    )
    resumed ??= [...byTopic].flatMap(([topic, [first]]) => (first && begun.ofKnownTopics.has(first) ? [topic] : []))
    const unstored = [...byTopic.values()].filter((assigned) => assigned.some((each) => !begun.positions.has(each)))
    if (unstored.length === 0) return { ...begun, resumed }
    // In one commit: each looks through the table's log, which thousands of topics would make long.
    const starts: StoredAdvance[] = []
    for (const assigned of unstored) starts.push(...(await startsOf(assigned, begun, start)))
    runtime.crashPoint('start resolved')
    // If others have stored any of them meanwhile, the next `begin` shows what is left.
    await outputs.commit(undefined, starts)
  }
  const names = [...byTopic.keys()].join(', ')
  throw new MillraceError('TABLE_CONFLICT', `${outputs.all[0]?.name}: other workers keep storing where ${names} begins`)
}

/** Returns where the partitions of a topic begin that have no progress. */
async function startsOf(
  assigned: readonly Partition[],
  begun: PipelineBegun,
  { source, position }: Start,
): Promise<StoredAdvance[]> {
  const [first] = assigned
  if (!first) return []
  const isKnown = begun.ofKnownTopics.has(first)
  const among = isKnown ? assigned : union(assigned, await source.partitions(first.topic))
  const missing = among.filter((partition) => !begun.positions.has(partition))
  const resolved = missing.map((partition) => source.resolve(partition, isKnown ? 'earliest' : position))
  const positions = await Promise.all(resolved)
  return missing.map((partition, i): StoredAdvance => ({ partition, from: undefined, to: positions[i] ?? [] }))
}

function union(assigned: readonly Partition[], all: readonly Partition[]): Partition[] {
  const byKey = new Map([...all, ...assigned].map((partition) => [partitionKey(partition), partition]))
  return [...byKey.values()]
}

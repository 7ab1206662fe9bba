import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '@millrace/base'
import { type DuckDB, openDuckDB, openLake } from '@millrace/lake'
import { loadDataset } from '@millrace/transform'
import { openSource, type Partition, type Position, type Source, type StartPosition } from '@millrace/transport'
import { openDeltaOutput } from './output.ts'
import { type CommittedBatch, createPipeline, type Pipeline } from './pipeline.ts'

export interface StreamOptions {
  readonly source: string
  readonly lake: string
  /** Data set → topic. */
  readonly topics: ReadonlyMap<string, string>
  readonly group: string
  readonly start: StartPosition
  readonly everyMs: number
  readonly maxBytes: number
  /** Commit everything that is there now, then end. */
  readonly untilCaughtUp: boolean
  readonly onCommit?: (batch: CommittedBatch) => void
}

export interface StreamTotals {
  readonly rows: number
  readonly bytes: number
  readonly commits: number
}

/** The long-lived worker. Ends when the signal says so, after the batch in hand, or when caught up. */
export async function runStream(options: StreamOptions, runtime: Runtime, signal: AbortSignal): Promise<StreamTotals> {
  const workFolder = await mkdtemp(join(tmpdir(), 'millrace-'))
  const engine = await openDuckDB()
  const source = await openSource(options.source, runtime)
  const totals = { rows: 0, bytes: 0, commits: 0 }
  const committed = (batch: CommittedBatch) => {
    totals.rows += batch.rows
    totals.bytes += batch.bytes
    totals.commits++
    options.onCommit?.(batch)
  }
  try {
    const pipelines = await openPipelines(options, { source, engine, workFolder, runtime, committed })
    const partitions = await subscribe(source, pipelines)
    const ends = options.untilCaughtUp ? await endsOf(source, partitions) : undefined
    await runTogether(pipelines, signal, ends)
    return totals
  } finally {
    await source.close()
    engine.close()
    await rm(workFolder, { recursive: true, force: true })
  }
}

interface Shared {
  readonly source: Source
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
  readonly committed: (batch: CommittedBatch) => void
}

async function openPipelines(options: StreamOptions, shared: Shared): Promise<Map<string, Pipeline>> {
  const store = openLake(options.lake)
  const limits = { maxBytes: options.maxBytes, gatherMs: options.everyMs }
  const opened = [...options.topics].map(async ([name, topic]) => {
    const dataset = await loadDataset(name)
    const output = await openDeltaOutput({ store, path: name }, dataset, options.group, shared.runtime)
    return [topic, createPipeline({ ...shared, dataset, output, start: options.start, limits })] as const
  })
  return new Map(await Promise.all(opened))
}

async function subscribe(source: Source, pipelines: ReadonlyMap<string, Pipeline>): Promise<Partition[]> {
  const mine = (pipeline: string, partitions: readonly Partition[]) =>
    partitions.filter(({ topic }) => topic === pipeline)
  const all: Partition[] = []
  await source.subscribe([...pipelines.keys()], {
    async assigned(partitions) {
      all.push(...partitions)
      for (const [topic, pipeline] of pipelines) await pipeline.assign(mine(topic, partitions))
    },
    async revoked(partitions) {
      for (const [topic, pipeline] of pipelines) pipeline.revoke(mine(topic, partitions))
    },
  })
  return all
}

async function endsOf(source: Source, partitions: readonly Partition[]): Promise<Map<Partition, Position>> {
  const ends = partitions.map(async (partition) => [partition, await source.end(partition)] as const)
  return new Map(await Promise.all(ends))
}

/** One failing pipeline stops the others: a worker is whole or it says why not. */
async function runTogether(
  pipelines: ReadonlyMap<string, Pipeline>,
  signal: AbortSignal,
  ends: ReadonlyMap<Partition, Position> | undefined,
): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const runs = [...pipelines].map(async ([topic, pipeline]) => {
    const own = ends && new Map([...ends].filter(([partition]) => partition.topic === topic))
    try {
      await pipeline.run(either, own)
    } catch (error) {
      stop.abort()
      throw error
    }
  })
  const outcomes = await Promise.allSettled(runs)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

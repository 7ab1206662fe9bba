import type { Runtime } from '@millrace/base'
import { type DuckDB, stageParquet } from '@millrace/lake'
import { type Dataset, withCleanRows } from '@millrace/transform'
import {
  type Block,
  type Partition,
  type Position,
  type Source,
  type StartPosition,
  samePosition,
} from '@millrace/transport'
import { advancesOf, type BatchLimits, gatherBatch } from './batch.ts'
import type { Output } from './output.ts'

/** One data set on its way from a source to its table. */
export interface Pipeline {
  assign(partitions: readonly Partition[]): Promise<void>
  revoke(partitions: readonly Partition[]): void
  /** Until the signal, or until every partition has reached `ends`. */
  run(signal: AbortSignal, ends?: ReadonlyMap<Partition, Position>): Promise<void>
}

export interface PipelineParts {
  readonly source: Source
  readonly dataset: Dataset
  readonly output: Output
  readonly engine: DuckDB
  readonly workFolder: string
  readonly start: StartPosition
  readonly limits: BatchLimits
  readonly runtime: Runtime
  readonly committed: (batch: CommittedBatch) => void
}

export interface CommittedBatch {
  readonly dataset: string
  readonly rows: number
  readonly bytes: number
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { source, limits, runtime } = parts
  const positions = new Map<Partition, Position>()
  const atEnd = (ends: ReadonlyMap<Partition, Position>) =>
    [...ends].every(([partition, end]) => !positions.has(partition) || reached(positions.get(partition) ?? [], end))

  return {
    async assign(partitions) {
      for (const partition of partitions) positions.set(partition, await startingPosition(partition, parts))
    },
    revoke(partitions) {
      for (const partition of partitions) positions.delete(partition)
    },
    async run(signal, ends) {
      let gatherMs = 0
      while (!signal.aborted && !(ends && atEnd(ends))) {
        const blocks = await gatherBatch(source, positions, { ...limits, gatherMs }, runtime, signal)
        if (blocks.length > 0) {
          await commitBlocks(blocks, parts, positions)
          gatherMs = ends ? 0 : limits.gatherMs
        } else {
          await runtime.sleep(IDLE_MS)
        }
      }
    },
  }
}

const IDLE_MS = 20

async function startingPosition(partition: Partition, { output, source, start }: PipelineParts): Promise<Position> {
  const stored = output.position(partition)
  if (stored) return stored
  const resolved = await source.resolve(partition, start)
  const ours = await output.start(new Map([[partition, resolved]]))
  return ours ? resolved : (output.position(partition) ?? resolved)
}

async function commitBlocks(
  blocks: readonly Block[],
  parts: PipelineParts,
  positions: Map<Partition, Position>,
): Promise<void> {
  const { dataset, output, engine, workFolder, runtime } = parts
  const connection = await engine.connect()
  try {
    const file = await withCleanRows(dataset, blocks, workFolder, runtime, (query) =>
      stageParquet(connection, query, dataset.schema, workFolder, runtime),
    )
    runtime.crashPoint('staged')
    const advances = advancesOf(blocks)
    if (await output.commit(file, advances)) {
      for (const { partition, to } of advances) if (positions.has(partition)) positions.set(partition, to)
      const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
      parts.committed({ dataset: dataset.name, rows: Number(file.rows), bytes })
      await parts.source.acknowledge(new Map(advances.map(({ partition, to }) => [partition, to])))
    } else {
      await resume(parts, positions)
    }
  } finally {
    connection.closeSync()
  }
}

/** Another worker has moved on: go on from what the table says. */
async function resume({ output }: PipelineParts, positions: Map<Partition, Position>): Promise<void> {
  for (const [partition, position] of positions) {
    const stored = output.position(partition)
    if (stored && !samePosition(stored, position)) positions.set(partition, stored)
  }
}

function reached(position: Position, end: Position): boolean {
  for (const [i, part] of end.entries()) {
    const mine = position[i] ?? 0n
    if (mine !== part) return mine > part
  }
  return true
}

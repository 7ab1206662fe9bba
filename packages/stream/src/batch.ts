import type { Runtime } from '@millrace/base'
import type { Block, Partition, Position, Source } from '@millrace/transport'
import type { Advance } from './output.ts'

/** What is read at once, at most. */
export interface BatchLimits {
  readonly maxBytes: number
  /** How long a batch may gather before it is committed. */
  readonly gatherMs: number
}

/** How long one read waits for records: it bounds how late a stop is noticed. */
const READ_WAIT_MS = 250

/** Blocks of the partitions from `positions` on, until a limit is reached. Empty when nothing came in time. */
export async function gatherBatch(
  source: Source,
  positions: ReadonlyMap<Partition, Position>,
  limits: BatchLimits,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Block[]> {
  const blocks: Block[] = []
  const deadline = runtime.monotonic() + limits.gatherMs
  const at = new Map(positions)
  let bytes = 0
  const readOn = async (partition: Partition) => {
    while (bytes < limits.maxBytes && !signal.aborted) {
      const waitMs = Math.max(0, Math.min(READ_WAIT_MS, deadline - runtime.monotonic()))
      const block = await source.read(partition, at.get(partition) ?? [], {
        maxBytes: limits.maxBytes - bytes,
        waitMs,
        signal,
      })
      if (block) {
        blocks.push(block)
        bytes += block.bytes.length
        at.set(partition, block.to)
      }
      if (runtime.monotonic() >= deadline) return
    }
  }
  await Promise.all([...positions.keys()].map(readOn))
  return blocks
}

/** How far the blocks move each partition. */
export function advancesOf(blocks: readonly Block[]): Advance[] {
  const advances = new Map<Partition, Advance>()
  for (const { partition, from, to, count } of blocks) {
    const before = advances.get(partition)
    advances.set(partition, { partition, from: before?.from ?? from, to, records: (before?.records ?? 0) + count })
  }
  return [...advances.values()]
}

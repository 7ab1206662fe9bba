import { joinValues, valueAt } from '@millrace/base'
import type { DuckDB } from '@millrace/lake'
import { type Block, type Partition, type Position, partitionKey, reached } from '@millrace/transport'
import type { ProgressTable } from './progress-table.ts'
import { quarantinedOffsets } from './quarantine.ts'

/**
 * The quarantine commits before its table. After a kill between the two it holds records that the table has
 * yet to pass: those stay out of the table, whatever today's rules say of them, and are not refused twice.
 */
export interface KnownBad {
  sift(block: Block): Sifted
}

export interface Sifted {
  /** The block without what the quarantine has of it. */
  readonly block: Block
  /** How much that was. */
  readonly known: number
}

interface Ahead {
  readonly until: Position
  readonly offsets: ReadonlySet<string>
}

export async function findKnownBad(
  quarantine: ProgressTable,
  positions: ReadonlyMap<Partition, Position>,
  group: string,
  engine: DuckDB,
): Promise<KnownBad> {
  const ahead = new Map<string, Ahead>()
  for (const [partition, position] of positions) {
    const until = quarantine.position(partition)
    if (!until || reached(position, until)) continue
    ahead.set(partitionKey(partition), {
      until,
      offsets: await quarantinedOffsets(quarantine, partition, group, engine),
    })
  }
  return {
    sift(block) {
      const of = ahead.get(partitionKey(block.partition))
      return of && !reached(block.from, of.until) ? removeOffsets(block, of.offsets) : { block, known: 0 }
    },
  }
}

function removeOffsets(block: Block, offsets: ReadonlySet<string>): Sifted {
  const kept = Array.from({ length: block.count }, (_, i) => i).filter((i) => !offsets.has(String(block.offsets[i])))
  if (kept.length === block.count) return { block, known: 0 }
  return {
    known: block.count - kept.length,
    block: {
      ...block,
      ...joinValues(kept.map((i) => valueAt(block, i))),
      offsets: pick(block.offsets, kept),
      times: Float64Array.from(kept, (i) => block.times[i] ?? 0),
    },
  }
}

function pick(offsets: Block['offsets'], kept: readonly number[]): Block['offsets'] {
  if (offsets instanceof BigInt64Array) return BigInt64Array.from(kept, (i) => offsets[i] ?? 0n)
  return kept.map((i) => offsets[i] ?? '')
}

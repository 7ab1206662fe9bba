import type { DuckDB } from '@millrace/engine'
import { type Block, type Partition, type Position, partitionKey, reached } from '@millrace/transport'
import { quarantinedOffsets } from '../quarantine/quarantine.ts'
import type { ProgressTable } from '../tables/progress-table.ts'

/**
 * The quarantine commits before its table. After a kill between the two it holds records that the table has
 * yet to pass: those stay out of the table, whatever today's rules say of them, and are not refused twice.
 */
export interface KnownBad {
  /** Of a block that the quarantine has passed: the offsets that it holds. */
  offsetsAhead(block: Block): ReadonlySet<string> | undefined
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
    offsetsAhead(block) {
      const of = ahead.get(partitionKey(block.partition))
      return of && !reached(block.from, of.until) ? of.offsets : undefined
    },
  }
}

import { MillraceError } from '@millrace/base'
import type { Partition, Position } from '@millrace/transport'
import type { Begun } from './output.ts'

/** What a database keeps of a partition's progress. */
export interface ProgressRow {
  readonly identity: string
  readonly position: string
}

/** Returns one text for several, as a key of a map. */
export const keyOf = (...parts: readonly string[]) => JSON.stringify(parts)
export const textOf = (position: Position) => position.join(' ')
const positionIn = (text: string): Position => text.split(' ').map(BigInt)

/**
 * Returns the progress that rows hold of these partitions. The rows are by topic and partition, the known topics by name
 * and identity. A topic of another identity than that of its row was made anew, and is refused.
 */
export function begunFrom(
  partitions: readonly Partition[],
  rows: ReadonlyMap<string, ProgressRow>,
  knownTopics: ReadonlySet<string>,
  table: string,
): Begun {
  const positions = new Map<Partition, Position>()
  for (const partition of partitions) {
    const row = rows.get(keyOf(partition.topic, partition.id))
    if (row && row.identity !== partition.identity) {
      throw new MillraceError('SOURCE_CHANGED', `${partition.topic} is another topic than the progress in ${table}`)
    }
    if (row) positions.set(partition, positionIn(row.position))
  }
  const ofKnownTopics = partitions.filter(({ topic, identity }) => knownTopics.has(keyOf(topic, identity)))
  return { positions, ofKnownTopics: new Set(ofKnownTopics) }
}

import { murmur2 } from '@platformatic/kafka'
import type { OutgoingRecord } from '../source.ts'

/** A record that names no partition goes where its key says, or its id; with neither, to one partition for a while. */
export type Partitioner = (topic: string, record: OutgoingRecord, partitions: number) => number

/** So that records without keys travel in batches of this size, not scattered one to each partition. */
const STAY_FOR_BYTES = 64 << 10

export function createPartitioner(): Partitioner {
  const turns = new Map<string, { partition: number; bytes: number }>()
  return (topic, { partition, key, id, value }, partitions) => {
    if (partition !== undefined) return partition
    // As Java's producer does it, so that a key stays where other producers put it.
    if (key) return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
    // Where a repeat can be told from a record of its own.
    if (id !== undefined) return (murmur2(Buffer.from(id)) & 0x7fffffff) % partitions
    const turn = turns.get(topic) ?? { partition: 0, bytes: 0 }
    turns.set(topic, turn)
    if (turn.bytes >= STAY_FOR_BYTES) [turn.partition, turn.bytes] = [turn.partition + 1, 0]
    turn.bytes += value?.length ?? 0
    return turn.partition % partitions
  }
}

import type { OutgoingRecord } from '../../source.ts'
import { murmur2 } from './murmur2.ts'

/** A record that names no partition goes where its key says, or its id; with neither, to one partition for a while. */
export type Partitioner = (topic: string, record: OutgoingRecord, partitions: number) => number

/** Records without keys stay with a partition for this many bytes, so that they travel in batches. */
const STAY_FOR_BYTES = 64 << 10

export function createPartitioner(): Partitioner {
  const turns = new Map<string, { partition: number; bytes: number }>()
  return (topic, { partition, key, id, value }, partitions) => {
    if (partition !== undefined) return partition
    // The hash of Java's producer: a key goes to the same partition as with other producers.
    if (key) return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
    // A repeated id goes to the same partition, where it is recognized.
    if (id !== undefined) return (murmur2(Buffer.from(id)) & 0x7fffffff) % partitions
    const turn = turns.get(topic) ?? { partition: 0, bytes: 0 }
    turns.set(topic, turn)
    if (turn.bytes >= STAY_FOR_BYTES) [turn.partition, turn.bytes] = [turn.partition + 1, 0]
    turn.bytes += value?.length ?? 0
    return turn.partition % partitions
  }
}

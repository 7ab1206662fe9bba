import { MillraceError } from '@millrace/base'
import type { listOffsetsV6 } from '@platformatic/kafka'
import { type Partition, type Position, partitionKey, type StartPosition } from '../source.ts'
import type { Cluster } from './cluster.ts'
import { leaderOf } from './leader.ts'

export interface Offsets {
  resolve(partition: Partition, start: StartPosition): Promise<Position>
  /** The last stable offset: a read-committed reader gets no further now. */
  end(partition: Partition): Promise<Position>
  /** Throws if the partition does not hold this position. */
  checkRange(partition: Partition, from: bigint): Promise<void>
}

const LATEST = -1n
const EARLIEST = -2n
const NO_REPLICA = -1
const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

export function createOffsets(cluster: Cluster): Offsets {
  const list = async (partition: Partition, timestamp: bigint, isolation = READ_COMMITTED): Promise<bigint> => {
    try {
      const { leader, leaderEpoch } = leaderOf(await cluster.knownTopic(partition.topic), partition)
      const asked = { partitionIndex: Number(partition.id), currentLeaderEpoch: leaderEpoch, timestamp }
      const answer = await cluster.call<listOffsetsV6.ListOffsetsResponse>(
        leader,
        'ListOffsets',
        NO_REPLICA,
        isolation,
        [{ name: partition.topic, partitions: [asked] }],
      )
      return answer.topics[0]?.partitions[0]?.offset ?? -1n
    } catch (error) {
      cluster.forget(partition.topic)
      throw error
    }
  }
  return {
    async resolve(partition, start) {
      if (start === 'earliest') return [await list(partition, EARLIEST)]
      if (start === 'latest') return [await list(partition, LATEST)]
      const offset = await list(partition, BigInt(start.time))
      return [offset >= 0n ? offset : await list(partition, LATEST)]
    },
    end: async (partition) => [await list(partition, LATEST)],
    async checkRange(partition, from) {
      const [first, end] = [await list(partition, EARLIEST), await list(partition, LATEST, READ_UNCOMMITTED)]
      if (from >= first && from <= end) return
      throw new MillraceError(
        'OFFSET_OUT_OF_RANGE',
        `${partitionKey(partition)}: position ${from} is outside of ${first}–${end}`,
      )
    },
  }
}

import type { ReadEvent } from '@millrace/stream'
import type { Lag, PartitionState } from './state.ts'

type Partition = ReadEvent['partition']

/** Tracks, by partition, the records that are read but not committed and those that are not read. */
export interface LagTracker {
  assigned(partitions: readonly Partition[]): void
  revoked(partitions: readonly Partition[]): void
  read(event: ReadEvent): void
  /** Records a read that returned nothing, either at the end or because the source is slow. */
  idle(partition: Partition): void
  /** Removes the given number of blocks of each partition, which are committed or dropped. */
  released(blocks: ReadonlyMap<Partition, number>): void
  readonly size: number
  /** Estimates how long it takes to read the unread records at this rate. */
  unreadSeconds(recordsPerSecond: number): number
  partitions(now: number): PartitionState[]
}

interface Tracked {
  readonly partition: Partition
  /** Blocks that are read and not released, oldest first. */
  readonly held: { readonly records: number; readonly time: number | undefined }[]
  heldRecords: number
  unread: ReadEvent['behind']
  keptBytes: number | undefined
  /** Number of consecutive reads that returned nothing. */
  silences: number
  /** Source time of the last record that was read. Unread records are younger. */
  lastTime: number | undefined
}

/** This many consecutive empty reads mean the end of the partition. A single one may have been throttled. */
const SILENCES_AT_END = 4

const keyOf = ({ topic, id }: Partition) => `${topic}/${id}`

export function trackLag(): LagTracker {
  const tracked = new Map<string, Tracked>()
  const of = (partition: Partition) => {
    const key = keyOf(partition)
    const known = tracked.get(key)
    if (known) return known
    const none = { unread: undefined, keptBytes: undefined, lastTime: undefined }
    const fresh = { partition, held: [], heldRecords: 0, silences: 0, ...none }
    tracked.set(key, fresh)
    return fresh
  }
  return {
    assigned: (partitions) => partitions.forEach(of),
    revoked: (partitions) => {
      for (const partition of partitions) tracked.delete(keyOf(partition))
    },
    read({ partition, records, firstTime, behind }) {
      const mine = of(partition)
      mine.held.push({ records, time: firstTime })
      mine.heldRecords += records
      mine.unread = behind
      mine.keptBytes = behind?.keptBytes ?? mine.keptBytes
      mine.silences = 0
      mine.lastTime = firstTime ?? mine.lastTime
    },
    idle(partition) {
      const mine = of(partition)
      if (++mine.silences < SILENCES_AT_END) return
      mine.unread = mine.unread?.records === undefined && mine.unread ? { ms: 0 } : { records: 0 }
    },
    released(blocks) {
      for (const [partition, count] of blocks) {
        const mine = tracked.get(keyOf(partition))
        for (const { records } of mine?.held.splice(0, count) ?? []) if (mine) mine.heldRecords -= records
      }
    },
    get size() {
      return tracked.size
    },
    unreadSeconds(recordsPerSecond) {
      let most = 0
      let records = 0
      for (const { unread } of tracked.values()) {
        records += unread?.records ?? 0
        most = Math.max(most, (unread?.ms ?? 0) / 1000)
      }
      return Math.max(most, records / Math.max(1, recordsPerSecond))
    },
    partitions: (now) => [...tracked.values()].map((mine) => partitionState(mine, now)),
  }
}

function partitionState(tracked: Tracked, now: number): PartitionState {
  const { topic, id } = tracked.partition
  const { unread, heldRecords, keptBytes } = tracked
  const counted = unread?.records
  return {
    ...{ topic, id },
    // A source that does not count records reports 0 once it is read to its end.
    records: counted === undefined ? undefined : counted + heldRecords,
    seconds: secondsBehind(tracked, now),
    ...(keptBytes !== undefined && { keptBytes }),
  }
}

function secondsBehind({ held, unread, lastTime }: Tracked, now: number): number {
  const oldest = held.find(({ time }) => time !== undefined)?.time
  if (oldest !== undefined) return Math.max(0, (now - oldest) / 1000)
  if (unread?.ms !== undefined) return unread.ms / 1000
  return (unread?.records ?? 0) > 0 && lastTime !== undefined ? Math.max(0, (now - lastTime) / 1000) : 0
}

/** Returns the sum of the partitions' records and the largest of their delays. */
export function totalLag(partitions: readonly PartitionState[]): Lag {
  let [records, seconds]: [number | undefined, number] = [0, 0]
  for (const partition of partitions) {
    records = records === undefined || partition.records === undefined ? undefined : records + partition.records
    seconds = Math.max(seconds, partition.seconds)
  }
  return { records, seconds }
}

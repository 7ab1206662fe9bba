import type { JoinedValues, MillraceError } from '@millrace/base'

/**
 * Where to fetch next in one partition (never "last record + 1": it also moves over what holds no record).
 * A list of numbers compared from the left: one for Kafka and the embedded store, several for Kinesis,
 * because a Delta `txn` carries 63 bits each.
 */
export type Position = readonly bigint[]

export function samePosition(a: Position | undefined, b: Position | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((part, i) => part === b[i])
}

/** A partition of one topic (or shard of one stream), with the identity that tells it from a namesake. */
export interface Partition {
  readonly topic: string
  /** Changes when the topic is deleted and made again under its old name. */
  readonly identity: string
  readonly id: string
}

export function partitionKey(partition: Partition): string {
  return `${partition.topic}/${partition.id}`
}

/** Raw bytes of many messages of one partition. */
export interface Block extends JoinedValues {
  readonly partition: Partition
  readonly from: Position
  /** Where to fetch after this block. */
  readonly to: Position
  readonly offsets: BigInt64Array
  /** Milliseconds since 1970. */
  readonly times: Float64Array
  /** For whoever is done with the bytes: they may be written over from now on. */
  readonly recycle?: () => void
}

export type StartPosition = 'earliest' | 'latest' | { readonly time: number }

export interface PartitionListener {
  /** These partitions are this worker's now. Reading starts at `positions`. */
  assigned(partitions: readonly Partition[]): Promise<void>
  /** These are no longer: nothing of them may be committed after this settles. */
  revoked(partitions: readonly Partition[]): Promise<void>
  /** No partition will come or go any more: the group does not take us. */
  failed?(error: MillraceError): void
}

/**
 * One message system. Delivery contract: `read` hands over every record of the partition from the asked
 * position on, in order, once per call; it keeps no progress of its own, so a reader that asks again from
 * an older position gets the same records again.
 */
export interface Source {
  /** The address, for people. */
  readonly url: string
  /** Partitions come and go by these calls, from now until `close`. */
  subscribe(topics: readonly string[], listener: PartitionListener): Promise<void>
  /** The concrete position that a start position means now. */
  resolve(partition: Partition, start: StartPosition): Promise<Position>
  /** The end that a reader can reach now: to be caught up is to have passed it. */
  end(partition: Partition): Promise<Position>
  /** Waits for records, at most `maxBytes` of them. Undefined: nothing came within `waitMs`. */
  read(partition: Partition, from: Position, options: ReadOptions): Promise<Block | undefined>
  /** Tells the broker's own tools how far the tables are. Never read back. */
  acknowledge(positions: ReadonlyMap<Partition, Position>): Promise<void>
  close(): Promise<void>
}

/** As what a source is read. */
export interface SourceOptions {
  /** Whoever names the same group shares the partitions; without one, all of them are this reader's. */
  readonly group?: string
  /** A name that outlives this process: who comes back with it soon gets back its partitions without a rebalance. */
  readonly member?: string
}

export interface ReadOptions {
  readonly maxBytes: number
  readonly waitMs: number
  readonly signal?: AbortSignal
}

export interface OutgoingRecord {
  readonly value: Uint8Array | null
  readonly key?: Uint8Array
  readonly partition?: number
}

export interface SentRecord {
  readonly partition: string
  readonly offset: bigint
}

/** Answers after the records are durable. */
export interface Producer {
  send(topic: string, records: readonly OutgoingRecord[]): Promise<SentRecord[]>
  close(): Promise<void>
}

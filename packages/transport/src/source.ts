import type { JoinedValues, MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'

/**
 * The next position to fetch in one partition. It is not "last record + 1": it also moves over gaps without records.
 * A list of numbers compared from the left: one for Kafka and the embedded store, several for Kinesis,
 * because a Delta `txn` carries 63 bits each.
 */
export type Position = readonly bigint[]

export function samePosition(a: Position | undefined, b: Position | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((part, i) => part === b[i])
}

/** Whether a reader that goes on at `position` has all that comes before `end`. */
export function reached(position: Position, end: Position): boolean {
  for (const [i, part] of end.entries()) {
    const mine = position[i] ?? 0n
    if (mine !== part) return mine > part
  }
  return true
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
  /** The position to fetch after this block. */
  readonly to: Position
  /** The source's names of the records: numbers, or texts where 63 bits are too few. */
  readonly offsets: BigInt64Array | readonly string[]
  /** Milliseconds since 1970. */
  readonly times: Float64Array
  /** The records' keys, where the reader asked for them; `bytesOfKey` returns the bytes of one. */
  readonly keys?: readonly (string | undefined)[]
  /**
   * The records' headers, where the reader asked for them and the message system has any: an object of JSON from name to
   * text or null. Of several under one name it is the last.
   */
  readonly headers?: readonly (string | undefined)[]
  /** The ids that producers gave to the records, where any of them has one. */
  readonly ids?: readonly (string | undefined)[]
  /** Records that are too large to be handed over: how many bytes each has, by its place. Their values are null. */
  readonly oversized?: ReadonlyMap<number, number>
  /** Set on the last block of a partition whose end other partitions wait for. */
  readonly last?: true
  /** Called when the bytes are no longer needed: they may be overwritten from then on. */
  readonly recycle?: () => void
  /** How much the source still had after this block; shown to people, nothing depends on it. */
  readonly behind?: Behind
}

/** Lag in the source's own unit: records, or how much newer its newest record is. */
export interface Behind {
  readonly records?: number
  readonly ms?: number
  /** Bytes of its log that a database keeps for the readers of the group. */
  readonly keptBytes?: number
}

/** All that was in a partition when it was asked for. */
export interface End {
  /** Whether a reader at this position has caught up. */
  passedBy(position: Position): boolean
}

/** The end where it has a name of its own. */
export function endAt(end: Position): End {
  return { passedBy: (position) => reached(position, end) }
}

export type StartPosition = 'earliest' | 'latest' | { readonly time: number }

export interface PartitionListener {
  /** These partitions are this worker's now. Reading starts at `positions`. */
  assigned(partitions: readonly Partition[]): Promise<void>
  /**
   * These partitions are no longer this worker's: nothing of them may be committed after this settles. `assigned` always
   * follows, possibly with no partition.
   */
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
  /**
   * Reads these topics from now on, in place of those that it was subscribed to. The listener is called for the
   * partitions that come and go. Absent if the topics of a source never change while it is read.
   */
  resubscribe?(topics: readonly string[]): Promise<void>
  /** Returns all partitions that the topic has now, assigned to this worker or not. */
  partitions(topic: string): Promise<Partition[]>
  /** The concrete position that a start position means now. */
  resolve(partition: Partition, start: StartPosition): Promise<Position>
  /** Returns the position at which reading begins with the record of this name, as in `Block.offsets`. */
  positionOf(name: bigint | string): Position
  /** The end that a reader can reach now. */
  end(partition: Partition): Promise<End>
  /**
   * Returns from where on reading gives the same records again as it did on the way to a position; absent: from where the
   * source begins. Rows of a database are others by now.
   */
  repeatableFrom?(position: Position): Position
  /** Waits for records, at most `maxBytes` of them. Undefined: nothing came within `waitMs`. */
  read(partition: Partition, from: Position, options: ReadOptions): Promise<Block | undefined>
  /** Reports committed positions: for the broker's lag tools, and for partitions that wait for another's end. */
  acknowledge(positions: ReadonlyMap<Partition, Position>): Promise<void>
  close(): Promise<void>
}

/** Who reads: consumer group and lease store. */
export interface SourceOptions {
  /** Readers of the same group share the partitions; a reader without one gets all. */
  readonly group?: string
  /** A name that outlives this process: who comes back with it soon gets back its partitions without a rebalance. */
  readonly member?: string
  /** Holds the leases of a group's readers, where the message system has no group coordination. */
  readonly store?: ObjectStore
}

export interface ReadOptions {
  readonly maxBytes: number
  readonly waitMs: number
  readonly signal?: AbortSignal
  /** Whether the records' keys are wanted too. */
  readonly keys?: boolean
  /** Which records' keys are not wanted even so. A source may hand them over all the same. */
  readonly withoutKey?: ((bytes: Uint8Array, start: number, end: number) => boolean) | undefined
  /** Whether the records' headers are wanted too. */
  readonly headers?: boolean
  /** What of its headers belongs before a record's value, and before its key. */
  readonly before?: BeforeRecord | undefined
  /** Counts the bytes of blocks while they are built, for a reader of many partitions at once. */
  readonly room?: ReadRoom
  /** When what has been read is committed next, on the monotonic clock: a source that pauses reads once more just before. */
  readonly due?: (() => number) | undefined
}

/**
 * Puts bytes of headers before the values and keys of records, for formats whose producers write there what others write
 * in front. A source whose messages have no headers has nothing to put there.
 */
export interface BeforeRecord {
  readonly value?: FromHeader | undefined
  readonly key?: FromHeader | undefined
}

/** Returns what comes of this header; undefined for one that means something else. Of several the last counts. */
export type FromHeader = (name: string, bytes: Uint8Array) => Uint8Array | undefined

export interface ReadRoom {
  /** Whether there is room; if not, blocks must wait until `opened`. */
  readonly open: boolean
  /** Settles when something may be asked for again, or when the signal aborts. */
  opened(signal?: AbortSignal): Promise<void>
  /** Counts the bytes of a block, from the moment it is made until the read is answered. */
  claim(bytes: number): void
}

/** The header that carries a record's id, where the message system has headers. */
export const ID_HEADER = 'millrace-id'

export interface OutgoingRecord {
  readonly value: Uint8Array | null
  readonly key?: Uint8Array
  readonly partition?: number
  /**
   * The same for the same record, however often it is sent. The embedded store keeps the first of them. Kafka carries
   * it in a header: the record without a key goes where its id says, and the worker drops the repeats. Kinesis has
   * no place for it.
   */
  readonly id?: string
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

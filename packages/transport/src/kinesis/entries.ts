import { createHash } from 'node:crypto'
import type { _Record as SdkRecord } from '@aws-sdk/client-kinesis'
import { joinValues } from '@millrace/base'
import type { Block, Partition, Position } from '../source.ts'
import { type UserRecord, unpackAggregate } from './aggregate.ts'
import { recordName, type ShardPosition } from './position.ts'
import type { Shard } from './streams.ts'

/** A record of a block. */
export interface Entry {
  readonly name: string
  readonly sequence: bigint
  /** Its index among the records that share the sequence number. */
  readonly index: number
  readonly data: Uint8Array
  readonly key: string
  /** Milliseconds since 1970. */
  readonly time: number
}

const NOTHING = new Uint8Array()

/** Records of a page: those that are unpacked, and those that wait until the others have been returned. */
export interface Entries {
  readonly entries: readonly Entry[]
  readonly waiting: readonly SdkRecord[]
}

/**
 * Returns the records from a position on, with aggregated records unpacked. A page of 10 MB can hold more than a million
 * records in its packs: beyond a bound, packs stay as they are.
 */
export function entriesOf(records: readonly SdkRecord[], shard: Shard, from?: ShardPosition): Entries {
  const entries: Entry[] = []
  for (const [i, record] of records.entries()) {
    if (entries.length >= MOST_RECORDS) return { entries, waiting: records.slice(i) }
    for (const entry of unpacked(record, shard, from)) entries.push(entry)
  }
  return { entries, waiting: [] }
}

/** Unpacks what waits where there is nothing else. */
export function refilled({ entries, waiting }: Entries, shard: Shard): Entries {
  let filled: Entries = { entries, waiting }
  while (filled.entries.length === 0 && filled.waiting.length > 0) filled = entriesOf(filled.waiting, shard)
  return filled
}

function unpacked(
  { SequenceNumber = '0', Data: data = NOTHING, ApproximateArrivalTimestamp: arrival, PartitionKey }: SdkRecord,
  shard: Shard,
  from: ShardPosition | undefined,
): Entry[] {
  const sequence = BigInt(SequenceNumber)
  const shared = { sequence, time: arrival?.getTime() ?? 0 }
  const packed = unpackAggregate(data)
  if (!packed)
    return [{ ...shared, name: recordName(SequenceNumber, undefined), index: 0, data, key: PartitionKey ?? '' }]
  const first = sequence === from?.sequence && typeof from.next === 'number' ? from.next : 0
  return packed
    .slice(first)
    .filter((user) => belongsTo(shard, user))
    .map(({ index, data, partitionKey: key }) => {
      return { ...shared, name: recordName(SequenceNumber, index), index, data, key }
    })
}

/**
 * When a pack ends up in a shard that some of its records do not belong to (the stream was resharded meanwhile),
 * the Producer Library sends those again: taken here, they would be doubled.
 */
function belongsTo(shard: Shard, { partitionKey, explicitHashKey }: UserRecord): boolean {
  const hash =
    explicitHashKey === undefined
      ? BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`)
      : BigInt(explicitHashKey)
  return hash >= shard.from && hash <= shard.to
}

/** A pack of the Producer Library can hold a million records without a byte: each costs memory beside its bytes. */
const MOST_RECORDS = 100_000

/** The first entries that fit, but one at least. */
export function fitting(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0
  const tooMuch = entries.findIndex(({ data }, i) => {
    bytes += data.length + 1
    return i > 0 && (bytes > maxBytes || i === MOST_RECORDS)
  })
  return tooMuch === -1 ? entries : entries.slice(0, tooMuch)
}

export function blockOf(partition: Partition, from: Position, to: Position, entries: readonly Entry[]): Block {
  return {
    ...joinValues(entries.map(({ data }) => data)),
    partition,
    from,
    to,
    offsets: entries.map(({ name }) => name),
    times: Float64Array.from(entries, ({ time }) => time),
    keys: entries.map(({ key }) => key),
  }
}

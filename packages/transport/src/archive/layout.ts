import type { Partition, Position } from '../source.ts'
import { CODECS, type Codec } from './codec.ts'

/**
 * The names in an archive. Files of records are where Kafka Connect's S3 sink puts them:
 * `topics/<topic>/partition=<n>/<topic>+<n>+<offset of the first record>.json`. What a file of lines cannot say is in
 * an entry beside: `_millrace/archive/<topic>/<n>/<position>-<try>`. The names of entries count down, so that a listing
 * begins with the newest one.
 */
export function filesOf(topic: string): string {
  return `topics/${part(topic)}/`
}

export function filesOfPartition({ topic, id }: Pick<Partition, 'topic' | 'id'>): string {
  return `${filesOf(topic)}partition=${part(id)}/`
}

/** Name of the file whose first record is this one. */
export function fileKey(partition: Pick<Partition, 'topic' | 'id'>, first: bigint | string, codec: Codec): string {
  const { topic, id } = partition
  const name = `${part(topic)}+${part(id)}+${part(String(first).padStart(OFFSET_DIGITS, '0'))}`
  return `${filesOfPartition(partition)}${name}.json${CODECS[codec].suffix}`
}

/** Name of the object that says whose archive of the topic this is. */
export function topicKey(topic: string): string {
  return `${ROOT}${part(topic)}/topic.json`
}

/** Name of the object that says where the partitions of a topic began when it was first met, by its identity. */
export function startsKey(topic: string, identity: string): string {
  return `${startsOf(topic)}${identity}.json`
}

export function startsOf(topic: string): string {
  return `${ROOT}${part(topic)}/starts-`
}

/** Name of the object that says where a partition begins that came after the topic's others. */
export function startKey({ topic, id }: Partition): string {
  return `${ROOT}${part(topic)}/${part(id)}/start.json`
}

export function entriesOf({ topic, id }: Partition): string {
  return `${ROOT}${part(topic)}/${part(id)}/e`
}

export function entryKey(partition: Partition, at: Position, attempt: number): string {
  return `${entriesAt(partition, at)}${String(attempt).padStart(TRY_DIGITS, '0')}`
}

/** What the names of all entries at this position begin with. */
export function entriesAt(partition: Partition, at: Position): string {
  return `${entriesOf(partition)}${at.map(countingDown).join('.')}-`
}

/** The position in the name of an entry. */
export function positionIn(key: string): Position {
  const name = key.slice(key.lastIndexOf('/') + 2, key.lastIndexOf('-'))
  return name.split('.').map((digits) => LARGEST - BigInt(digits))
}

export const ROOT = '_millrace/archive/'
const OFFSET_DIGITS = 10
const TRY_DIGITS = 6
const LARGEST = 2n ** 63n - 1n

function countingDown(part: bigint): string {
  return String(LARGEST - part).padStart(19, '0')
}

/** Names of topics that Kafka and Kinesis allow stay as they are. */
export function part(name: string): string {
  return /^\.+$/.test(name) ? name.replaceAll('.', '%2E') : encodeURIComponent(name)
}

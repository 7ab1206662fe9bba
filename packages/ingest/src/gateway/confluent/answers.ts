import type { PartitionDescription, SentRecord, TopicDescription } from '@millrace/transport'
import type { Refusal } from '../refusal.ts'

/** Beyond 63 bits an offset is no Kafka offset: Kinesis names its records so. */
const LARGEST_OFFSET = 2n ** 63n - 1n
const UNKNOWN_OFFSET = -1n

export function produced(sent: readonly SentRecord[]): string {
  let offsets = ''
  let last: { readonly partition: string; readonly number: number } | undefined
  for (const { partition, offset } of sent) {
    const reported = offset > LARGEST_OFFSET ? UNKNOWN_OFFSET : offset
    if (last?.partition !== partition) last = { partition, number: numberOf(partition) }
    offsets += `${offsets && ','}{"offset":${reported},"partition":${last.number}}`
  }
  return `{"key_schema_id":null,"offsets":[${offsets}],"value_schema_id":null}`
}

/** 3 of `3`, and of `shardId-000000000003`. */
function numberOf(partition: string): number {
  return Number(/\d+$/.exec(partition)?.[0] ?? 0)
}

/** A partition that is not there, as the proxies tell it: for each of the records. */
export function notProduced(count: number): string {
  const error = 'This request is for a topic or partition that does not exist on this broker.'
  const offsets = Array.from({ length: count }, () => ({ error, error_code: RETRY_MAY_HELP }))
  return JSON.stringify({ key_schema_id: null, offsets, value_schema_id: null })
}

const RETRY_MAY_HELP = 2

export function topicAnswer({ name, configs, partitions }: TopicDescription): object {
  return { name, configs, partitions: partitions.map(partitionAnswer) }
}

export function partitionAnswer({ id, leader, replicas }: PartitionDescription): object {
  return {
    partition: numberOf(id),
    leader,
    replicas: replicas.map(({ broker, inSync }) => ({ broker, leader: broker === leader, in_sync: inSync })),
  }
}

export function refused({ code, message }: Refusal): object {
  return { error_code: code, message }
}

import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard as SdkShard,
} from '@aws-sdk/client-kinesis'
import { MillraceError } from '@millrace/base'
import type { Partition } from '../source.ts'
import { fromKinesis } from './kinesis-error.ts'

export interface Shard {
  readonly id: string
  /** One parent after a split, two after a merge; they may have expired. */
  readonly parents: readonly string[]
  /** The hash keys that go here. */
  readonly from: bigint
  readonly to: bigint
  /** Takes no more records: it was split or merged. */
  readonly closed: boolean
}

export interface Stream {
  readonly name: string
  /** Distinguishes the stream from others of the same name, before or after it. */
  readonly identity: string
  readonly createdAt: number
  readonly retentionMs: number
  /** Takes records: it is made, and not about to go. */
  readonly active: boolean
  readonly shards: ReadonlyMap<string, Shard>
}

/** Cached descriptions of streams. */
export interface Streams {
  known(name: string): Promise<Stream>
  refreshed(name: string): Promise<Stream>
  /** The stream and the shard that a partition is, or why it is neither any more. */
  shardOf(partition: Partition): Promise<{ readonly stream: Stream; readonly shard: Shard }>
}

const HOUR_MS = 3_600_000

export function openStreams(client: KinesisClient): Streams {
  const streams = new Map<string, Promise<Stream>>()
  const refreshed = (name: string): Promise<Stream> => {
    const asked = describe(client, name)
    asked.catch(() => {
      if (streams.get(name) === asked) streams.delete(name)
    })
    streams.set(name, asked)
    return asked
  }
  const known = (name: string) => streams.get(name) ?? refreshed(name)
  return {
    known,
    refreshed,
    async shardOf(partition) {
      const stream = await known(partition.topic)
      const shard = stream.shards.get(partition.id) ?? (await refreshed(partition.topic)).shards.get(partition.id)
      refuseNamesake(partition, await known(partition.topic))
      if (shard) return { stream, shard }
      throw new MillraceError(
        'OFFSET_OUT_OF_RANGE',
        `stream ${partition.topic} has no ${partition.id} any more, and it was not read to its end`,
      )
    },
  }
}

function refuseNamesake({ topic, identity }: Partition, stream: Stream): void {
  if (stream.identity === identity) return
  throw new MillraceError('SOURCE_CHANGED', `stream ${topic} was deleted and made again`)
}

async function describe(client: KinesisClient, name: string): Promise<Stream> {
  try {
    const [{ StreamDescriptionSummary: summary }, shards] = await Promise.all([
      client.send(new DescribeStreamSummaryCommand({ StreamName: name })),
      listShards(client, name),
    ])
    const createdAt = summary?.StreamCreationTimestamp?.getTime() ?? 0
    return {
      name,
      createdAt,
      identity: String(createdAt),
      active: summary?.StreamStatus === 'ACTIVE' || summary?.StreamStatus === 'UPDATING',
      retentionMs: (summary?.RetentionPeriodHours ?? 24) * HOUR_MS,
      shards: new Map(shards.map((shard) => [shard.id, shard])),
    }
  } catch (error) {
    throw fromKinesis(error, `stream ${name}`)
  }
}

async function listShards(client: KinesisClient, name: string): Promise<Shard[]> {
  const shards: Shard[] = []
  for (let NextToken: string | undefined; ; ) {
    const page = await client.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName: name }))
    shards.push(...(page.Shards ?? []).map(shardOf))
    NextToken = page.NextToken
    if (NextToken === undefined) return shards
  }
}

function shardOf(shard: SdkShard): Shard {
  const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined)
  return {
    id: shard.ShardId ?? '',
    parents,
    from: BigInt(shard.HashKeyRange?.StartingHashKey ?? 0),
    to: BigInt(shard.HashKeyRange?.EndingHashKey ?? 0),
    closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
  }
}

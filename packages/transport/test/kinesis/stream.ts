import {
  CreateStreamCommand,
  DeleteStreamCommand,
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  SplitShardCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { freshName } from '@millrace/testkit'
import { openClient } from '../../src/kinesis/client.ts'

export interface Server {
  readonly endpoint: string
  readonly region: string
}

/** What tests do to a stream that a reader or a producer does not. */
export function administer(server: Server) {
  // The stand-ins take any credentials, but the SDK wants some.
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const client = openClient(server)
  const active = (StreamName: string) =>
    waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { StreamName })
  return {
    client,
    address: `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`,
    async freshStream(shards: number, StreamName = freshName('stream')): Promise<string> {
      await client.send(new CreateStreamCommand({ StreamName, ShardCount: shards }))
      await active(StreamName)
      return StreamName
    },
    async split(StreamName: string, ShardToSplit: string): Promise<void> {
      const range = (await shardsOf(client, StreamName)).find(({ ShardId }) => ShardId === ShardToSplit)?.HashKeyRange
      const [from, to] = [BigInt(range?.StartingHashKey ?? 0), BigInt(range?.EndingHashKey ?? 0)]
      const NewStartingHashKey = String((from + to) / 2n + 1n)
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey }))
      await active(StreamName)
    },
    async merge(StreamName: string, ShardToMerge: string, AdjacentShardToMerge: string): Promise<void> {
      await client.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }))
      await active(StreamName)
    },
    async remove(StreamName: string): Promise<void> {
      await client.send(new DeleteStreamCommand({ StreamName }))
    },
    shards: (StreamName: string) => shardsOf(client, StreamName),
  }
}

export type Administrator = ReturnType<typeof administer>

async function shardsOf(client: KinesisClient, StreamName: string) {
  return (await client.send(new ListShardsCommand({ StreamName }))).Shards ?? []
}

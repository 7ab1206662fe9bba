import {
  CreateStreamCommand,
  KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  SplitShardCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'

interface Server {
  readonly endpoint: string
  readonly region: string
}

/** A new stream, and what goes on in it besides workers. */
export async function openKinesisStream(server: Server, name: string, shards: number) {
  // The stand-ins take any credentials, but the SDK wants some, here and in the workers.
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const client = new KinesisClient({ ...server, requestHandler: new NodeHttpHandler() })
  const active = () =>
    waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 0.02, maxDelay: 0.1 }, { StreamName: name })
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
  await active()
  return {
    source: `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`,
    async put(Records: PutRecordsRequestEntry[]): Promise<void> {
      await client.send(new PutRecordsCommand({ StreamName: name, Records }))
    },
    /** Splits the first shard. */
    async split(startingHashKey: bigint): Promise<void> {
      const first = { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(startingHashKey) }
      await client.send(new SplitShardCommand({ StreamName: name, ...first }))
      await active()
    },
    close: () => client.destroy(),
  }
}

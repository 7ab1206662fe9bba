import {
  CreateStreamCommand,
  KinesisClient,
  PutRecordsCommand,
  SplitShardCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { freshName, withServices } from '@millrace/test'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { user } from './mixed-kinds.ts'

const it = withServices('kinesisMock')

it('a shard that comes out of a split begins at its beginning, also for a pipeline that began at latest', async ({
  kinesisMock: server,
}) => {
  const place = await openWorkplace()
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const client = new KinesisClient({ ...server, requestHandler: new NodeHttpHandler() })
  try {
    const StreamName = freshName('users')
    const active = () =>
      waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { StreamName })
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
    await active()
    const send = async (from: number) => {
      const Records = Array.from({ length: 20 }, (_, i) => ({
        Data: Buffer.from(JSON.stringify(user(from + i))),
        PartitionKey: String(i),
      }))
      await client.send(new PutRecordsCommand({ StreamName, Records }))
    }
    const source = `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`
    const options = ['--source', source, '--datasets', 'user', '--topics', `user=${StreamName}`, '--start', 'latest']
    const catchUp = async () =>
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    await send(1000)
    await catchUp()
    await send(0)
    const NewStartingHashKey = String(2n ** 127n)
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey }))
    await active()
    await send(20)
    await catchUp()
    const rows = await place.sql('select ind from user order by ind')
    expect(rows.map(({ ind }) => Number(ind))).toEqual(Array.from({ length: 40 }, (_, i) => i))
  } finally {
    client.destroy()
    await place.leave()
  }
})

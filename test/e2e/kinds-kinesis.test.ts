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
import { byKey, DATASETS, expectOnePlaceEach, mixed, RECORDS } from './mixed-kinds.ts'

const it = withServices('kinesisMock')

it('one stream carries three kinds under their partition keys, and is split between two runs', async ({
  kinesisMock: server,
}) => {
  const place = await openWorkplace()
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const client = new KinesisClient({ ...server, requestHandler: new NodeHttpHandler() })
  try {
    const StreamName = freshName('events')
    const active = () =>
      waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { StreamName })
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }))
    await active()
    const records = mixed().map(({ value, key }) => ({ Data: value, PartitionKey: key.toString() }))
    const source = `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`
    const options = ['--source', source, ...DATASETS, '--topics', byKey(StreamName)]
    const catchUp = async (Records: typeof records) => {
      await client.send(new PutRecordsCommand({ StreamName, Records }))
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    }
    await catchUp(records.slice(0, RECORDS / 2))
    const NewStartingHashKey = String(2n ** 127n)
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey }))
    await active()
    await catchUp(records.slice(RECORDS / 2))
    await expectOnePlaceEach(place, source, (n) => {
      if (n % 4 === 3) return 'pin'
      return n % 10 === 9 ? (['pin', 'geo', 'user'][n % 4] ?? 'none') : 'none'
    })
  } finally {
    client.destroy()
    await place.leave()
  }
})

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

const it = withServices('kinesisMock')

it('catches up with a stream that is split between two runs, each record once', async ({ kinesisMock: server }) => {
  const place = await openWorkplace()
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const client = new KinesisClient({ ...server, requestHandler: new NodeHttpHandler() })
  try {
    const StreamName = `${freshName('pins')}.pin`
    const active = () =>
      waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { StreamName })
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }))
    await active()
    const send = async (from: number, to: number) => {
      const Records = Array.from({ length: to - from }, (_, i) => {
        const pin = JSON.stringify({ index: from + i, unique_id: `id-${from + i}`, follower_count: '3k' })
        return { Data: Buffer.from(i % 100 === 99 ? '{bad' : pin), PartitionKey: String(from + i) }
      })
      await client.send(new PutRecordsCommand({ StreamName, Records }))
    }
    const source = `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`
    const catchUp = () =>
      place.run('stream', '--until-caught-up', '--source', source, '--datasets', 'pin', '--topics', `pin=${StreamName}`)
    await send(0, 300)
    expect(await catchUp()).toMatchObject({ exitCode: 0 })
    const NewStartingHashKey = String(2n ** 126n)
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey }))
    await active()
    await send(300, 500)
    expect(await catchUp()).toMatchObject({ exitCode: 0 })
    expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
      { n: 495, inds: 495, last: 498 },
    ])
    expect(await place.sql('select count(*) as n from pin_quarantine')).toEqual([{ n: 5 }])
    const verified = await place.run('verify', '--source', source, '--datasets', 'pin')
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
  } finally {
    client.destroy()
    await place.leave()
  }
})

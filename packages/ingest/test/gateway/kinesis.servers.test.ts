import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis'
import { freshName, withServices } from '@millrace/testkit'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { describe, expect, it } from 'vitest'
import { startGateway, storedIn } from './kit.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

describe('the dialect of Kinesis behind API Gateway', () => {
  it.each(['/streams', '/stream'])('stores one record, or many, by PUT under %s', async (root) => {
    const { ask, to } = await startGateway()
    const one = { StreamName: 'streaming-0a1-pin', Data: { index: 1, title: 'é' }, PartitionKey: 'pin-partition' }
    const first = await ask('PUT', `${root}/streaming-0a1-pin/record`, JSON.stringify(one), JSON_TYPE)
    expect(first).toMatchObject({ status: 200, json: { SequenceNumber: '0', ShardId: 'shardId-000000000000' } })
    const records = [
      { data: { index: 2 }, 'partition-key': 'p' },
      { data: '{"index":3}', 'partition-key': 'p' },
    ]
    const many = await ask('PUT', `${root}/streaming-0a1-pin/records`, JSON.stringify({ records }), JSON_TYPE)
    expect(many.json).toEqual({
      FailedRecordCount: 0,
      Records: [1, 2].map((n) => ({ SequenceNumber: String(n), ShardId: 'shardId-000000000000' })),
    })
    expect(await storedIn(to, 'streaming-0a1-pin')).toMatchObject([
      { value: '{"index":1,"title":"é"}', key: 'pin-partition' },
      { value: '{"index":2}', key: 'p' },
      { value: '{"index":3}', key: 'p' },
    ])
  })

  it('makes, lists, describes and removes streams, and says in the words of Kinesis what is wrong', async () => {
    const { ask } = await startGateway({ allowDelete: true })
    expect(await ask('POST', '/streams/new', '{"ShardCount":2}')).toMatchObject({ status: 200, text: '{}' })
    expect((await ask('GET', '/streams')).json).toEqual({ HasMoreStreams: false, StreamNames: ['new'] })
    const { StreamDescription } = (await ask('GET', '/streams/new')).json as { StreamDescription: object }
    expect(StreamDescription).toMatchObject({
      StreamName: 'new',
      StreamStatus: 'ACTIVE',
      Shards: [
        { ShardId: 'shardId-000000000000', HashKeyRange: { StartingHashKey: '0' } },
        { ShardId: 'shardId-000000000001', HashKeyRange: { EndingHashKey: String(2n ** 128n - 1n) } },
      ],
    })
    const there = await ask('POST', '/streams/new', '{"ShardCount":2}')
    expect(there).toMatchObject({ status: 400, json: { __type: 'ResourceInUseException' } })
    expect(await ask('DELETE', '/streams/new')).toMatchObject({ status: 200 })
    for (const method of ['DELETE', 'GET']) {
      const gone = await ask(method, '/streams/new')
      expect(gone).toMatchObject({ status: 400, json: { __type: 'ResourceNotFoundException' } })
    }
  })

  it.each([
    ['record', '{"Data":{}}', 'PartitionKey'],
    ['record', '{"PartitionKey":"p"}', 'Data'],
    ['record', '{"Data":null,"PartitionKey":"p"}', 'Data'],
    ['record', `{"Data":1,"PartitionKey":"${'p'.repeat(257)}"}`, 'PartitionKey'],
    ['records', '{}', 'records'],
    ['records', '{"records":[]}', 'records'],
    ['records', '{"records":{}}', 'records'],
    ['records', '{"records":[{"data":1,"partition-key":"p"},{"data":1}]}', 'records[1].partition-key'],
    ['records', `{"records":[${Array(501).fill('{"data":1,"partition-key":"p"}')}]}`, '501'],
  ])('refuses in %s what Kinesis would refuse, and names $2', async (path, body, named) => {
    const { ask, to } = await startGateway()
    const answer = await ask('PUT', `/streams/s/${path}`, body, JSON_TYPE)
    expect(answer).toMatchObject({
      status: 400,
      json: { __type: 'InvalidArgumentException', message: expect.stringContaining(named) },
    })
    expect(await storedIn(to, 's')).toEqual([])
  })
})

describe('in front of a real Kinesis', () => {
  const itOnKinesis = withServices('kinesisMock')

  itOnKinesis('answers with what the AWS SDK then finds in the stream', async ({ kinesisMock: server }) => {
    process.env.AWS_ACCESS_KEY_ID ??= 'test'
    process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
    const client = new KinesisClient({ ...server, requestHandler: new NodeHttpHandler() })
    const { ask } = await startGateway({
      allowDelete: true,
      to: `kinesis://${server.region}?endpoint=${encodeURIComponent(server.endpoint)}`,
    })
    const stream = freshName('streaming-pin')
    expect(await ask('POST', `/streams/${stream}`, '{"ShardCount":1}')).toMatchObject({ status: 200 })
    await expect
      .poll(async () => (await ask('GET', `/streams/${stream}`)).json, { timeout: 20_000 })
      .toMatchObject({ StreamDescription: { StreamStatus: 'ACTIVE' } })

    const put = await ask('PUT', `/streams/${stream}/record`, '{"Data":{"index":1},"PartitionKey":"pin-partition"}')
    const { ShardId, SequenceNumber } = put.json as { ShardId: string; SequenceNumber: string }
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    const { Records } = await client.send(new GetRecordsCommand({ ShardIterator }))
    expect(Records?.map(({ Data }) => Buffer.from(Data ?? []).toString())).toEqual(['{"index":1}'])
    expect(Records?.[0]).toMatchObject({ SequenceNumber, PartitionKey: 'pin-partition' })

    const theirs = (await client.send(new DescribeStreamCommand({ StreamName: stream }))).StreamDescription
    const { StreamDescription: ours } = (await ask('GET', `/streams/${stream}`)).json as { StreamDescription: object }
    for (const field of ['StreamName', 'StreamStatus', 'HasMoreShards', 'RetentionPeriodHours'] as const) {
      expect(ours).toHaveProperty(field, theirs?.[field])
    }
    expect(ours).toMatchObject({
      Shards: theirs?.Shards?.map(({ ShardId, HashKeyRange }) => ({ ShardId, HashKeyRange })),
    })
    expect(await ask('DELETE', `/streams/${stream}`)).toMatchObject({ status: 200 })
    client.destroy()
  })
})

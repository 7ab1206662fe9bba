import { systemRuntime } from '@millrace/base'
import { expect, it } from 'vitest'
import type { Target } from '../../src/index.ts'
import { apiSink } from '../../src/sinks/api.ts'
import { type Answer, httpServer } from './http-server.ts'

const TAKEN = { body: { ShardId: 'shardId-000000000000', SequenceNumber: '49', EncryptionType: 'KMS' } }

const NEVER = new AbortController().signal

async function send(values: readonly string[], answer: (index: number) => Answer, target: Target) {
  const { url, asked } = await httpServer((_, index) => answer(index))
  const sink = apiSink(`${url}/test`, () => target, { ...systemRuntime, sleep: async () => {} }, NEVER)
  const outcome = await sink.send(new Map([['geo', values.map((value) => Buffer.from(value))]])).then(
    () => 'sent',
    (error: unknown) => error,
  )
  return { asked, outcome }
}

it('asks as the emulators do, a request a record, byte for byte', async () => {
  const { asked, outcome } = await send(['{"ind":7}', '{"ind":8}'], () => TAKEN, { topic: 'streaming-0a1-geo' })
  expect(outcome).toBe('sent')
  expect(asked.map(({ body }) => body).sort()).toEqual([
    '{"StreamName":"streaming-0a1-geo","Data":{"ind":7},"PartitionKey":"geo-partition"}',
    '{"StreamName":"streaming-0a1-geo","Data":{"ind":8},"PartitionKey":"geo-partition"}',
  ])
  for (const one of asked) {
    expect(one).toMatchObject({
      method: 'PUT',
      path: '/test/streams/streaming-0a1-geo/record',
      headers: { 'content-type': 'application/json' },
    })
  }
})

it('takes the partition key that a shared stream asks for', async () => {
  const { asked } = await send(['{}'], () => TAKEN, { topic: 'all', key: 'places' })
  expect(asked[0]?.body).toBe('{"StreamName":"all","Data":{},"PartitionKey":"places"}')
})

it('asks again where Kinesis is throttled, though the answer says 200', async () => {
  const throttled = { body: { __type: 'ProvisionedThroughputExceededException', message: 'Rate exceeded' } }
  const { asked, outcome } = await send(['{}'], (i) => (i < 3 ? throttled : TAKEN), { topic: 's' })
  expect([outcome, asked.length]).toEqual(['sent', 4])
})

it('does not take an answer without a sequence number for a stored record', async () => {
  const missing = { body: { __type: 'ResourceNotFoundException', message: 'Stream s not found' } }
  expect((await send(['{}'], () => missing, { topic: 's' })).outcome).toMatchObject({
    message: expect.stringContaining('Stream s not found'),
  })
  expect((await send(['{}'], () => ({ body: {} }), { topic: 's' })).outcome).toMatchObject({
    message: expect.stringContaining('does not answer as Kinesis'),
  })
})

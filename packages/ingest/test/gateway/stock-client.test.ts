import Client from 'kafka-rest'
import { expect, it } from 'vitest'
import { startGateway, storedIn } from './kit.ts'

type Done = (error: unknown, value?: unknown) => void

const SENT = ['{"index":1}', { key: 'k', value: '{"index":2}' }, { value: '{"index":3}', partition: 0 }]

function asked(ask: (done: Done) => void): Promise<unknown> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value))))
}

/** Confluent's own client for Node, of the days when the emulators were written. */
it('serves Confluent’s own client for Node', async () => {
  const { url, to } = await startGateway()
  const client = new Client({ url })
  const topic = client.topic('0a1.pin')
  expect(await asked((done) => topic.produce(SENT, done))).toMatchObject({
    offsets: [0, 1, 2].map((offset) => ({ partition: 0, offset })),
  })
  const partition = topic.partitions.partition(0)
  expect(await asked((done) => partition.produce('{"index":4}', done))).toMatchObject({
    offsets: [{ partition: 0, offset: 3 }],
  })
  expect(await storedIn(to, '0a1.pin')).toMatchObject([
    { value: '{"index":1}', key: undefined },
    { value: '{"index":2}', key: 'k' },
    { value: '{"index":3}' },
    { value: '{"index":4}' },
  ])
  expect(await asked((done) => client.topics.list(done))).toMatchObject([{ name: '0a1.pin' }])
  expect(await asked((done) => topic.get(done))).toMatchObject({ raw: { name: '0a1.pin' } })
  expect(await asked((done) => topic.partitions.list(done))).toHaveLength(1)
  await expect(asked((done) => client.topic('nope').get(done))).rejects.toMatchObject({
    status: 404,
    data: { error_code: 40401 },
  })
})

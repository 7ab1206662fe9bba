import { withServices } from '@millrace/testkit'
import { describe, expect, it } from 'vitest'
import { makeTopic } from './kafka-topics.ts'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const V2 = 'application/vnd.kafka.v2+json'
const produce = { 'content-type': JSON_V2, accept: V2 }

describe('the dialect of Confluent REST Proxy v2', () => {
  it('stores every value byte for byte as it stood in the request, under the offsets that it answers', async () => {
    const { ask, to } = await startGateway()
    const odd = [
      '{"a":1.0}',
      '{"b":12345678901234567890}',
      '{"c":"\\u00e9 é 😀"}',
      '{"d" : [1,\n2]}',
      '{"e":1,"e":2}',
      '"text"',
      '17',
    ]
    const body = `{"records":[${odd.map((value) => `{"value":${value}}`).join(',')}]}`
    const answer = await ask('POST', '/topics/0a1.pin', body, produce)
    expect(answer).toMatchObject({ status: 200, type: V2 })
    expect(answer.json).toEqual({
      key_schema_id: null,
      value_schema_id: null,
      offsets: odd.map((_, offset) => ({ partition: 0, offset })),
    })
    expect((await storedIn(to, '0a1.pin')).map(({ value }) => value)).toEqual(odd)
  })

  it('keeps keys as JSON, and takes a null value, or none, for a tombstone', async () => {
    const { ask, to } = await startGateway()
    const records = [
      { key: 'k', value: { a: 1 } },
      { key: { id: 7 }, value: null },
      { key: null, value: 1 },
      { key: 'x' },
    ]
    await ask('POST', '/topics/t', JSON.stringify({ records, value_schema_id: null }), produce)
    expect(await storedIn(to, 't')).toMatchObject([
      { key: '"k"', value: '{"a":1}' },
      { key: '{"id":7}', value: null },
      { key: undefined, value: '1' },
      { key: '"x"', value: null },
    ])
  })

  it('decodes what comes as base64, and says when something is none', async () => {
    const { ask, to } = await startGateway()
    const binary = { 'content-type': 'application/vnd.kafka.binary.v2+json' }
    const record = { key: Buffer.from('k1').toString('base64'), value: Buffer.from('{"a":5}').toString('base64') }
    expect(await ask('POST', '/topics/t', JSON.stringify({ records: [record] }), binary)).toMatchObject({ status: 200 })
    expect(await storedIn(to, 't')).toMatchObject([{ key: 'k1', value: '{"a":5}' }])
    const bad = await ask('POST', '/topics/t', '{"records":[{"value":"@@@"}]}', binary)
    expect(bad).toMatchObject({ status: 400, json: { error_code: 400, message: expect.stringContaining('base64') } })
  })

  it('answers in the type that the client likes best', async () => {
    const { ask } = await startGateway()
    const typeFor = async (accept: string) => {
      const { status, type } = await ask('GET', '/topics', undefined, { accept })
      return status === 200 ? type : status
    }
    expect(await typeFor('*/*')).toBe(V2)
    expect(await typeFor('application/json')).toBe('application/json')
    expect(await typeFor(`text/html, application/json;q=0.5, ${JSON_V2}`)).toBe(JSON_V2)
    expect(await typeFor('application/*;q=0.1, application/json;q=0')).toBe(V2)
    expect(await typeFor('text/html')).toBe(406)
    expect(await typeFor('application/json;q=0')).toBe(406)
  })

  it('counts a request once that comes again under its Idempotency-Key', async () => {
    const { ask, to } = await startGateway()
    const body = '{"records":[{"value":{"i":1}},{"value":{"i":2}}]}'
    const keyed = { ...produce, 'idempotency-key': 'e7f2c1' }
    const first = await ask('POST', '/topics/t', body, keyed)
    const again = await ask('POST', '/topics/t', body, keyed)
    expect(again.json).toEqual(first.json)
    await ask('POST', '/topics/t', body, { ...produce, 'idempotency-key': 'another' })
    await ask('POST', '/topics/t', body, produce)
    expect(await storedIn(to, 't')).toHaveLength(6)
  })
})

describe('on a real Kafka', () => {
  const itOnKafka = withServices('kafka')

  itOnKafka('puts records where they say, or where their keys say', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 3)
    const { ask, to } = await startGateway({ to: `kafka://${bootstrap}` })
    const records = [
      { partition: 2, value: 1 },
      { partition: 0, value: 2 },
      { partition: 2, value: 3 },
    ]
    const answer = await ask('POST', `/topics/${topic}`, JSON.stringify({ records }), produce)
    expect(answer.json).toMatchObject({
      offsets: [
        { partition: 2, offset: 0 },
        { partition: 0, offset: 0 },
        { partition: 2, offset: 1 },
      ],
    })
    const one = await ask('POST', `/topics/${topic}/partitions/1`, '{"records":[{"value":4}]}', produce)
    expect(one.json).toMatchObject({ offsets: [{ partition: 1, offset: 0 }] })
    const stored = await storedIn(to, topic)
    expect(stored.map(({ partition, value }) => `${partition}:${value}`).sort()).toEqual(['0:2', '1:4', '2:1', '2:3'])
  })

  itOnKafka('tells what topics there are, and what is not there, with its own codes', async ({ kafka }) => {
    const topic = await makeTopic(kafka.bootstrap, 2)
    const { ask } = await startGateway({ to: `kafka://${kafka.bootstrap}` })
    expect((await ask('GET', '/topics')).json).toContain(topic)
    const partition = { leader: 1, replicas: [{ broker: 1, in_sync: true, leader: true }] }
    expect((await ask('GET', `/topics/${topic}`)).json).toMatchObject({
      name: topic,
      configs: { 'cleanup.policy': 'delete' },
      partitions: [
        { ...partition, partition: 0 },
        { ...partition, partition: 1 },
      ],
    })
    expect((await ask('GET', `/topics/${topic}/partitions`)).json).toHaveLength(2)
    expect((await ask('GET', `/topics/${topic}/partitions/1`)).json).toEqual({ ...partition, partition: 1 })
    const send = (path: string, record: object) => ask('POST', path, JSON.stringify({ records: [record] }), produce)
    const refusals = [
      [await ask('GET', '/topics/nope'), 404, 40401],
      [await send('/topics/nope', { value: 1 }), 404, 40401],
      [await ask('GET', `/topics/${topic}/partitions/9`), 404, 40402],
      [await send(`/topics/${topic}/partitions/9`, { value: 1 }), 404, 40402],
    ] as const
    for (const [answer, status, error_code] of refusals) expect(answer).toMatchObject({ status, json: { error_code } })
    expect(await send(`/topics/${topic}`, { partition: 9, value: 1 })).toMatchObject({
      status: 422,
      json: { key_schema_id: null, offsets: [{ error: expect.any(String), error_code: 2 }] },
    })
  })
})

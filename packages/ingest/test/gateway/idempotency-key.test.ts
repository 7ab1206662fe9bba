import { expect, it } from 'vitest'
import { openKnownKeys } from '../../src/gateway/known-keys.ts'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const bodyOf = (...values: readonly unknown[]) => JSON.stringify({ records: values.map((value) => ({ value })) })

const under = (key: string) => ({ 'content-type': JSON_V2, 'idempotency-key': key })

it.each([
  ['POST', '/topics/t', bodyOf(1, 2), bodyOf(1, 3), { error_code: 422 }],
  [
    'PUT',
    '/streams/t/record',
    '{"Data":1,"PartitionKey":"p"}',
    '{"Data":2,"PartitionKey":"p"}',
    { __type: 'InvalidArgumentException' },
  ],
])(
  'another body under the key of a request is refused, not dropped: %s %s',
  async (method, path, first, other, said) => {
    const { ask, to } = await startGateway()
    expect(await ask(method, path, first, under('k'))).toMatchObject({ status: 200 })
    const stored = await storedIn(to, 't')
    const refused = await ask(method, path, other, under('k'))
    expect(refused).toMatchObject({ status: 422, json: said })
    expect(refused.text).toContain('Idempotency-Key k came with another body before')
    expect(await storedIn(to, 't')).toEqual(stored)
    expect(await ask(method, path, first, under('k'))).toMatchObject({ status: 200 })
    expect(await ask(method, path, other, under('another'))).toMatchObject({ status: 200 })
    expect(await storedIn(to, 't')).toHaveLength(stored.length + (method === 'POST' ? 2 : 1))
  },
)

it('a key stands for one request in each topic', async () => {
  const { ask, to } = await startGateway()
  expect(await ask('POST', '/topics/a', bodyOf('a'), under('k'))).toMatchObject({ status: 200 })
  expect(await ask('POST', '/topics/b', bodyOf('b'), under('k'))).toMatchObject({ status: 200 })
  expect(await storedIn(to, 'b')).toMatchObject([{ value: '"b"' }])
})

it('a key whose request was refused as a whole may bring it put right', async () => {
  const { ask, to } = await startGateway()
  const wrong = '{"records":[{"partition":7,"value":1}]}'
  expect(await ask('POST', '/topics/t', wrong, under('k'))).toMatchObject({ status: 422, json: { offsets: [{}] } })
  expect(await ask('POST', '/topics/t', bodyOf(1), under('k'))).toMatchObject({ status: 200 })
  expect(await storedIn(to, 't')).toHaveLength(1)
})

it('of two requests at the same time under one key with different bodies one is taken', async () => {
  const { ask, to } = await startGateway()
  const bodies = [bodyOf(1), bodyOf(2), bodyOf(3), bodyOf(4)]
  const answers = await Promise.all(bodies.map((body) => ask('POST', '/topics/t', body, under('k'))))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422, 422])
  expect(await storedIn(to, 't')).toHaveLength(1)
})

it('the keys that came last are known, in a number that does not grow', () => {
  const known = openKnownKeys(3)
  const [one, other] = [Buffer.from('one'), Buffer.from('other')]
  for (const key of ['a', 'b', 'c', 'a', 'd']) known.check('t', key, one)
  for (const key of ['a', 'c', 'd']) expect(() => known.check('t', key, other)).toThrow('another body')
  known.check('t', 'b', other)
  expect(() => known.check('t', 'b', one)).toThrow('another body')
})

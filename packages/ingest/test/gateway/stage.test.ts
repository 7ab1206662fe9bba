import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { readGrant } from '../../src/gateway/grants.ts'
import { readKey } from '../../src/index.ts'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const BODY = '{"records":[{"value":{"n":1}}]}'
const asJson = { 'content-type': JSON_V2 }

it.for([
  '/prod/topics/t',
  '/$default/topics/t',
  '/topics/topics/partitions/0',
  '/v1_2-b/topics/t/partitions/0?x=/topics',
])('takes records at %s, as without a stage', async (path) => {
  const { ask, to } = await startGateway()
  expect(await ask('POST', path, BODY, asJson)).toMatchObject({ status: 200, type: 'application/vnd.kafka.v2+json' })
  expect(await storedIn(to, path.includes('/topics/topics') ? 'topics' : 't')).toMatchObject([{ value: '{"n":1}' }])
})

it('lists, describes and refuses behind a stage in the words of each dialect', async () => {
  const { ask } = await startGateway()
  await ask('POST', '/topics/topics', BODY, asJson)
  expect((await ask('GET', '/prod/topics')).json).toEqual(['topics'])
  expect((await ask('GET', '/prod/topics/topics')).json).toMatchObject({ name: 'topics' })
  expect((await ask('GET', '/prod/streams/none')).json).toMatchObject({ __type: 'ResourceNotFoundException' })
  expect((await ask('PUT', '/prod/topics/t', BODY, asJson)).status).toBe(405)
})

it('a key may do no more behind a stage', async () => {
  const key = 'writer-with-random-key'
  const { ask } = await startGateway({ keys: [readKey(key, 'writer', [readGrant('produce:pin', 'test')])] })
  const statusOf = async (path: string, headers = {}) =>
    (await ask('POST', path, BODY, { ...asJson, ...headers })).status
  expect(await statusOf('/prod/topics/geo', { 'x-api-key': key })).toBe(403)
  expect(await statusOf('/prod/topics/pin')).toBe(401)
  expect(await statusOf('/prod/topics/pin', { 'x-api-key': key })).toBe(200)
})

it('the access log has the path as it was asked for', async () => {
  const { ask, close, accessLog } = await startGateway()
  await ask('POST', '/prod/topics/t?token=secret', BODY, asJson)
  await close()
  expect(JSON.parse(await readFile(accessLog, 'utf8'))).toMatchObject({
    path: '/prod/topics/t',
    topic: 't',
    status: 200,
  })
})

it.for(['/a/b/topics/t', '/a/b/streams/s/record', '/a.b/topics/t'])(
  'says what path it expects in place of %s',
  async (path) => {
    const { ask } = await startGateway()
    const { status, text } = await ask('POST', path, BODY, asJson)
    expect(status).toBe(404)
    expect(text).toContain('paths are /topics/… or /streams/…')
  },
)

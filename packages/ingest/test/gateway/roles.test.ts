import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayDo, readGrant } from '../../src/gateway/grants.ts'
import { readKey } from '../../src/index.ts'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const KEYS = {
  usual: 'a-usual-and-random-key',
  writer: 'writer-with-random-key',
  reader: 'reader-with-random-key',
  admin: 'admin-and-a-random-key',
}
const BODY = '{"records":[{"value":1}]}'

function keysWithRoles() {
  const grants = (...written: string[]) => written.map((each) => readGrant(each, 'test'))
  return [
    readKey(KEYS.usual, 'usual'),
    readKey(KEYS.writer, 'writer', grants('produce:pin,geo-*')),
    readKey(KEYS.reader, 'reader', grants('read:geo-*')),
    readKey(KEYS.admin, 'admin', grants('admin')),
  ]
}

describe('a key', () => {
  it('does what its roles allow, to the topics that they name, and nothing else', async () => {
    const { ask, to } = await startGateway({ keys: keysWithRoles(), allowDelete: true })
    const as = async (who: keyof typeof KEYS, method: string, path: string, body?: string) =>
      (await ask(method, path, body, { 'x-api-key': KEYS[who], ...(body && { 'content-type': JSON_V2 }) })).status
    expect(await as('admin', 'POST', '/streams/geo-1', '{"ShardCount":1}')).toBe(200)
    expect(await as('writer', 'POST', '/topics/geo-1', BODY)).toBe(200)
    expect(await as('writer', 'POST', '/topics/pin', BODY)).toBe(200)
    expect(await as('usual', 'POST', '/topics/user', BODY)).toBe(200)
    for (const path of ['/topics/user', '/topics/pinned', '/topics/geo', '/topics/user/partitions/0']) {
      expect(await as('writer', 'POST', path, BODY)).toBe(403)
    }
    expect(await as('reader', 'POST', '/topics/geo-1', BODY)).toBe(403)
    expect(await as('reader', 'GET', '/topics/geo-1')).toBe(200)
    for (const path of ['/topics/pin', '/topics/pin/partitions', '/streams/pin']) {
      expect(await as('reader', 'GET', path)).toBe(403)
    }
    for (const who of ['usual', 'writer', 'reader'] as const) {
      expect(await as(who, 'POST', '/streams/new', '{"ShardCount":1}')).toBe(403)
      expect(await as(who, 'DELETE', '/streams/pin')).toBe(403)
    }
    expect(await as('admin', 'POST', '/topics/pin', BODY)).toBe(403)
    expect(await as('admin', 'DELETE', '/streams/geo-1')).toBe(200)
    expect(await storedIn(to, 'user')).toHaveLength(1)
  })

  it('makes a hundred topics by writing to them and no more, and goes on writing to those', async () => {
    const { ask } = await startGateway({ keys: keysWithRoles(), allowDelete: true })
    const as = async (who: keyof typeof KEYS, method: string, path: string, body?: string) =>
      (await ask(method, path, body, { 'x-api-key': KEYS[who], ...(body && { 'content-type': JSON_V2 }) })).status
    for (let i = 0; i < 100; i++) expect(await as('usual', 'POST', `/topics/flood-${i}`, BODY)).toBe(200)
    expect(await as('usual', 'POST', '/topics/flood-100', BODY)).toBe(403)
    expect(await as('usual', 'GET', '/topics/flood-100')).toBe(404)
    expect(await as('usual', 'POST', '/topics/flood-7', BODY)).toBe(200)
    expect(await as('admin', 'POST', '/streams/flood-100', '{"ShardCount":1}')).toBe(200)
    expect(await as('usual', 'POST', '/topics/flood-100', BODY)).toBe(200)
    expect(await as('writer', 'POST', '/topics/pin', BODY)).toBe(200)
    expect(await as('admin', 'DELETE', '/streams/flood-7')).toBe(200)
    expect(await as('usual', 'POST', '/topics/flood-7', BODY)).toBe(403)
  })

  it('sees only the topics that it may read about', async () => {
    const { ask } = await startGateway({ keys: keysWithRoles() })
    const as = (who: keyof typeof KEYS) => ({ 'x-api-key': KEYS[who] })
    for (const topic of ['geo-1', 'pin']) {
      await ask('POST', `/topics/${topic}`, BODY, { ...as('usual'), 'content-type': JSON_V2 })
    }
    expect((await ask('GET', '/topics', undefined, as('reader'))).json).toEqual(['geo-1'])
    expect((await ask('GET', '/streams', undefined, as('usual'))).json).toMatchObject({ StreamNames: ['geo-1', 'pin'] })
    expect((await ask('GET', '/topics', undefined, as('writer'))).json).toEqual([])
  })
})

describe('internal topics', () => {
  it.each(['__consumer_offsets', '%5f%5fconsumer_offsets', '__transaction_state'])(
    'are out of reach for everybody: %s',
    async (name) => {
      const { ask, to } = await startGateway({ allowDelete: true })
      expect(await ask('POST', `/topics/${name}`, BODY, { 'content-type': JSON_V2 })).toMatchObject({
        status: 403,
        json: { error_code: 40301 },
      })
      const record = '{"Data":1,"PartitionKey":"p"}'
      const asked = [
        ask('PUT', `/streams/${name}/record`, record),
        ask('POST', `/stream/${name}`, '{"ShardCount":1}'),
        ask('DELETE', `/streams/${name}`),
        ask('GET', `/streams/${name}`),
        ask('GET', `/topics/${name}/partitions/0`),
      ]
      for (const { status } of await Promise.all(asked)) expect(status).toBe(403)
      expect(await storedIn(to, '__consumer_offsets')).toEqual([])
    },
  )
})

it('removes no topic unless it was started so, not even for an admin', async () => {
  const { ask } = await startGateway()
  await ask('POST', '/topics/t', BODY, { 'content-type': JSON_V2 })
  const refused = await ask('DELETE', '/streams/t')
  expect(refused).toMatchObject({ status: 403, json: { __type: 'AccessDeniedException' } })
  expect(refused.text).toContain('deleting is not allowed')
  expect((await ask('GET', '/topics')).json).toEqual(['t'])
})

it('writes down who did what to which topic', async () => {
  const { ask, accessLog, close } = await startGateway({ keys: keysWithRoles() })
  await ask('POST', '/topics/pin', BODY, { 'x-api-key': KEYS.writer, 'content-type': JSON_V2 })
  await ask('POST', '/topics/user', BODY, { 'x-api-key': KEYS.writer, 'content-type': JSON_V2 })
  await ask('DELETE', '/streams/pin', undefined, { 'x-api-key': KEYS.admin })
  await close()
  const lines = (await readFile(accessLog, 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { client: 'writer', did: 'produce', topic: 'pin', records: 1, status: 200, ip: '127.0.0.1' },
    { client: 'writer', did: 'produce', topic: 'user', status: 403 },
    { client: 'admin', did: 'delete', topic: 'pin', status: 403 },
  ])
})

describe('a pattern of topics', () => {
  it('allows what a regular expression with .* for each star allows', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(pattern, text, (written, topic) => {
        const expected = new RegExp(`^${written.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(topic)
        expect(mayDo([readGrant(`read:${written}`, 'test')], 'read', topic)).toBe(expected)
      }),
    )
  })

  it.each(['write', 'produce:', 'produce:a,,b', 'admin:a b', 'Produce', 'read:/etc'])('is refused as %j', (written) => {
    expect(() => readGrant(written, 'keys, line 1')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

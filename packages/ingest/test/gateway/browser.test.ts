import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const RECORD = '{"records":[{"value":1}]}'
const PUT = '{"Data":1,"PartitionKey":"p"}'

type Sent = readonly [method: string, path: string, body: string, headers: Readonly<Record<string, string>>]

/** As fetch may not send them: Host and Origin. */
function send(url: string, [method, path, body, headers]: Sent): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const asking = request({ hostname, port, method, path, headers }, (answer) => {
      text(answer).then(() => resolve(answer.statusCode ?? 0), reject)
    })
    asking.once('error', reject).end(body)
  })
}

it.each<Sent>([
  ['POST', '/topics/t', RECORD, { 'content-type': 'text/plain' }],
  ['POST', '/topics/t', RECORD, { 'content-type': 'text/plain; application/json' }],
  ['POST', '/topics/t', RECORD, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['POST', '/topics/t', RECORD, { 'content-type': 'multipart/form-data; boundary=x' }],
  ['POST', '/topics/t', RECORD, {}],
  ['PUT', '/streams/t/record', PUT, { 'content-type': 'text/plain' }],
  ['POST', '/streams/t', '{"ShardCount":1}', { 'content-type': 'text/plain' }],
  ['POST', '/streams/t', '', { 'content-type': 'text/plain', 'content-length': '0' }],
  ['POST', '/pin/', '{}', { 'content-type': 'text/plain' }],
])('takes nothing that a form of any page could send: %s %s %s %o', async (...sent) => {
  const { url, to, ask } = await startGateway()
  expect(await send(url, sent)).toBe(415)
  expect((await ask('GET', '/topics')).json).toEqual([])
  expect(await storedIn(to, 't')).toEqual([])
})

it.each([
  { host: 'evil.example' },
  { host: 'evil.example:8082' },
  { origin: 'http://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
])('serves no page of another site, nor under another name: %o', async (headers) => {
  const { url, to } = await startGateway()
  const sent = { 'content-type': JSON_V2, ...headers }
  expect(await send(url, ['POST', '/topics/t', RECORD, sent])).toBe(403)
  expect(await send(url, ['GET', '/topics', '', headers])).toBe(403)
  expect(await send(url, ['GET', '/docs', '', headers])).toBe(403)
  expect(await send(url, ['OPTIONS', '/topics/t', '', headers])).toBe(403)
  expect(await storedIn(to, 't')).toEqual([])
})

it('serves a page of its own, and the names that it is told', async () => {
  const { url } = await startGateway({ hostNames: ['gateway.example'] })
  const json = { 'content-type': JSON_V2 }
  const own = { ...json, host: 'localhost:1', origin: 'http://localhost:1', 'sec-fetch-site': 'same-origin' }
  expect(await send(url, ['POST', '/topics/t', RECORD, own])).toBe(200)
  expect(await send(url, ['POST', '/topics/t', RECORD, { ...json, host: 'gateway.example' }])).toBe(200)
})

it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/x-amz-json-1.1'])(
  'takes %s from Kinesis clients',
  async (type) => {
    const { url } = await startGateway()
    expect(await send(url, ['PUT', '/streams/t/record', PUT, { 'content-type': type }])).toBe(200)
  },
)

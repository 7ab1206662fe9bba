import { systemRuntime } from '@millrace/base'
import { expect, it, vi } from 'vitest'
import { restSink } from '../../src/sinks/rest.ts'
import { type Answer, type Asked, httpServer } from './http-server.ts'

const NEVER = new AbortController().signal

/** Pauses are noted, not slept. */
function impatient() {
  const pauses: number[] = []
  const sleep = async (milliseconds: number) => void pauses.push(milliseconds)
  return { runtime: { ...systemRuntime, sleep }, pauses }
}

async function send(values: readonly string[], answer: (asked: Asked, index: number) => Answer, path = '') {
  const { url, asked } = await httpServer(answer)
  const { runtime, pauses } = impatient()
  const sink = restSink(url + path, () => ({ topic: '0a1.pin' }), runtime, NEVER)
  const outcome = await sink.send(new Map([['pin', values.map((value) => Buffer.from(value))]])).then(
    () => 'sent',
    (error: unknown) => error,
  )
  return { asked, pauses, outcome }
}

const recordsOf = ({ body }: Asked) => (JSON.parse(body) as { records: unknown[] }).records

const taken = (asked: Asked): Answer => ({
  body: { offsets: recordsOf(asked).map((_, offset) => ({ partition: 0, offset, error_code: null, error: null })) },
})

it('asks as the emulators do, byte for byte', async () => {
  const { asked, outcome } = await send(['{"index":1,"title":"é \\n"}'], taken, '/test/')
  expect(outcome).toBe('sent')
  expect(asked).toMatchObject([
    {
      method: 'POST',
      path: '/test/topics/0a1.pin',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json', accept: expect.stringMatching('vnd.kafka.v2') },
      body: '{"records":[{"value":{"index":1,"title":"é \\n"}}]}',
    },
  ])
})

it('puts at most 500 records into a request', async () => {
  const values = Array.from({ length: 1_201 }, (_, i) => `{"index":${i}}`)
  const { asked } = await send(values, taken)
  expect(asked.map((one) => recordsOf(one).length).sort()).toEqual([201, 500, 500])
  const sent = asked.flatMap((one) => recordsOf(one) as { value: { index: number } }[]).map(({ value }) => value.index)
  expect(sent.sort((a, b) => a - b)).toEqual(values.map((_, i) => i))
})

it.each([
  ['is busy', { status: 429, headers: { 'Retry-After': '7' } }],
  ['fails', { status: 503 }],
  ['hangs up', { hangUp: true }],
] as const)('asks a server that %s again, with the same idempotency key', async (_, trouble) => {
  const { asked, outcome, pauses } = await send(['{}'], (one, i) => (i < 2 ? trouble : taken(one)))
  expect(outcome).toBe('sent')
  expect(asked.length).toBe(3)
  expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  expect(pauses.length).toBe(2)
  if ('headers' in trouble) expect(Math.min(...pauses)).toBeGreaterThanOrEqual(7_000)
})

it('sends again only the records that the proxy could not take, as a request of its own', async () => {
  const { asked, outcome } = await send(['{"a":1}', '{"a":2}', '{"a":3}'], (one, i) =>
    i > 0 ? taken(one) : { body: { offsets: [{ offset: 0 }, { error_code: 2, error: 'no leader' }, { offset: 1 }] } },
  )
  expect(outcome).toBe('sent')
  expect(asked.map(recordsOf)).toEqual([
    [{ value: { a: 1 } }, { value: { a: 2 } }, { value: { a: 3 } }],
    [{ value: { a: 2 } }],
  ])
  expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(2)
})

it.each([
  [
    'a record that is refused for good',
    { body: { offsets: [{ error_code: 1, error: 'too large' }] } },
    'SOURCE_UNREACHABLE',
    'too large',
  ],
  ['a missing topic', { status: 404, body: { error_code: 40401, message: 'no such topic' } }, 'TOPIC_MISSING', '40401'],
  ['a missing key', { status: 401 }, 'SOURCE_DENIED', '401'],
  ['a request that it does not understand', { status: 422, body: { message: 'bad' } }, 'RECORD_INVALID', '422'],
  ['another dialect', { body: { ok: true } }, 'SOURCE_UNSUPPORTED', 'Confluent'],
] as const)('gives up at once at %s', async (_, answer, code, said) => {
  const { asked, outcome } = await send(['{}'], () => answer)
  expect(outcome).toMatchObject({ code, message: expect.stringContaining(said) })
  expect(asked.length).toBe(1)
})

it('gives up a server that never answers, after a number of tries', async () => {
  const { asked, outcome } = await send(['{}'], () => ({ hangUp: true }))
  expect(outcome).toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  expect(asked.length).toBe(8)
})

it('presents the key from the environment', async () => {
  vi.stubEnv('MILLRACE_GATEWAY_KEY', 'the-key')
  const { asked } = await send(['{}'], taken)
  vi.unstubAllEnvs()
  expect(asked[0]?.headers['x-api-key']).toBe('the-key')
  expect((await send(['{}'], taken)).asked[0]?.headers).not.toHaveProperty('x-api-key')
})

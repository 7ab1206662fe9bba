import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@millrace/base'
import { expect, it, onTestFinished, vi } from 'vitest'
import { apiSink } from '../../src/sinks/api.ts'
import { restSink } from '../../src/sinks/rest.ts'
import { type Answer, httpServer } from './http-server.ts'

const NEVER = new AbortController().signal
const SINKS = { rest: restSink, api: apiSink }
const KINDS = ['rest', 'api'] as const

function sendTo(url: string, kind: (typeof KINDS)[number]): Promise<unknown> {
  const sink = SINKS[kind](url, () => ({ topic: 'pin' }), { ...systemRuntime, sleep: async () => {} }, NEVER)
  return sink.send(new Map([['pin', [Buffer.from('{"secret":1}')]]])).catch((error: unknown) => error)
}

it.each(KINDS.flatMap((kind) => [301, 302, 303, 307, 308].map((status) => [kind, status] as const)))(
  'neither the key nor the records of a %s sink follow a %i to another origin',
  async (kind, status) => {
    vi.stubEnv('MILLRACE_GATEWAY_KEY', 'the-key-that-nobody-else-may-have')
    const thief = await httpServer(() => ({}))
    const { url, asked } = await httpServer(() => ({ status, headers: { Location: `${thief.url}/take` } }))
    const outcome = await sendTo(url, kind)
    vi.unstubAllEnvs()
    expect(outcome).toMatchObject({ code: 'SOURCE_UNSUPPORTED', message: expect.stringContaining(thief.url) })
    expect(asked.length).toBe(1)
    expect(thief.asked).toEqual([])
  },
)

it.each([...KINDS])('a %s sink breaks off an answer without end', async (kind) => {
  const server = createServer((_, response) => {
    const part = Buffer.alloc(1 << 20, ' ')
    const more = () => {
      while (response.write(part));
    }
    response.on('drain', more)
    more()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const outcome = await sendTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, kind)
  expect(outcome).toMatchObject({ code: 'SOURCE_UNSUPPORTED', message: expect.stringContaining('more than') })
})

const offsetsOf = (...offsets: unknown[]): Answer => ({ body: { offsets } })

it.each<[string, Answer]>([
  ['null', { body: null }],
  ['a number', { body: 7 }],
  ['no offsets', { body: {} }],
  ['offsets that are none', offsetsOf(null)],
  ['offsets that are text', offsetsOf('0')],
  ['more offsets than records', offsetsOf({ offset: 0 }, { offset: 1 })],
  ['errors of a wrong type', offsetsOf({ error_code: {} })],
  ['a redirect to nowhere', { status: 302, headers: { Location: '' } }],
])('a rest sink ends with a coded error at %s', async (_, answer) => {
  const { url } = await httpServer(() => answer)
  expect(await sendTo(url, 'rest')).toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
})

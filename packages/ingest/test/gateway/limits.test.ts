import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { openPressure } from '../../src/gateway/pressure.ts'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const produce = { 'content-type': JSON_V2 }
const EVENTUALLY = { timeout: 30_000 }
/** Long enough for whoever does not dawdle. */
const IMPATIENT = { headersWithinMs: 1_000, requestWithinMs: 1_000, lookEveryMs: 50 }
const BODY = '{"records":[{"value":{"a":1}}]}'

describe('limits', () => {
  it('asks a client to come again that asks too often, and serves it then', async () => {
    const { ask } = await startGateway({ requestsPerSecond: 5 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('POST', '/topics/t', BODY, produce)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(10)
    expect(refused[0]).toMatchObject({ json: { error_code: 42902 } })
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    await expect.poll(async () => (await ask('POST', '/topics/t', BODY, produce)).status, EVENTUALLY).toBe(200)
  })

  it('turns away what has no room, with when to come again, until there is room', () => {
    const pressure = openPressure(100)
    const [one, other] = [pressure.open('one'), pressure.open('one')]
    one.take(40)
    expect(() => other.take(30)).toThrow(expect.objectContaining({ status: 429, retryAfter: 1 }))
    one.release()
    one.release()
    other.take(50)
  })

  it('leaves room for others, however many ask: nobody may hold more than what is free', () => {
    const pressure = openPressure(1 << 20)
    const clients = Array.from({ length: 8 }, (_, i) => `greedy-${i}`)
    pressure.open('first').take(1)
    for (const client of clients) {
      const room = pressure.open(client)
      expect(() => {
        for (;;) room.take(1_000)
      }).toThrow()
    }
    expect(pressure.isTight()).toBe(true)
    pressure.open('modest').take(1_000)
  })

  it('serves one request that is larger than all the room, if it is alone', () => {
    const pressure = openPressure(100)
    const large = pressure.open('one')
    large.take(500)
    expect(() => pressure.open('other').take(1)).toThrow()
    large.release()
    pressure.open('other').take(1)
  })

  it('ends connections whose headers do not come', async () => {
    const { url, ask } = await startGateway({ limits: IMPATIENT })
    const slow = Array.from({ length: 20 }, () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
        socket.write('POST /topics/t HTTP/1.1\r\nHost: localhost\r\n'),
      )
      return text(socket)
    })
    expect(await ask('POST', '/topics/t', BODY, produce)).toMatchObject({ status: 200 })
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*"error_code":408/)
  })

  it('ends connections whose bodies trickle in for too long, stores nothing of them, and serves others', async () => {
    const gateway = await startGateway({ limits: IMPATIENT })
    const trickling = Array.from({ length: 20 }, () => trickle(Number(new URL(gateway.url).port)))
    await expect.poll(() => gateway.totals.requests, EVENTUALLY).toBe(20)
    expect(await gateway.ask('POST', '/topics/other', BODY, produce)).toMatchObject({ status: 200 })
    for (const answer of await Promise.all(trickling)) {
      expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*"error_code":408/)
    }
    expect(await storedIn(gateway.to, 't')).toEqual([])
    expect(await gateway.ask('POST', '/topics/t', BODY, produce)).toMatchObject({ status: 200 })
  })
})

describe('bounds of one request', () => {
  it.each([
    ['POST', '/topics/t', `{"records":[${Array(50_001).fill('{}').join()}]}`, 413],
    ['POST', '/topics/t', `{"records":[{"value":1${',"value":1'.repeat(1_000)}}]}`, 400],
    ['POST', '/streams/t', '{"ShardCount":9999}', 400],
    ['POST', '/streams/t', '{"ShardCount":257}', 400],
  ])('%s %s: what is beyond them is refused, and nothing of it stored', async (method, path, body, status) => {
    const { ask } = await startGateway()
    expect(await ask(method, path, body, produce)).toMatchObject({ status })
    expect((await ask('GET', '/topics')).json).toEqual([])
  })

  it('takes as many records as it says', async () => {
    const { ask, totals } = await startGateway()
    const body = `{"records":[${Array(50_000).fill('{}').join()}]}`
    expect(await ask('POST', '/topics/t', body, produce)).toMatchObject({ status: 200 })
    expect(totals.records).toBe(50_000)
  })

  it('holds for chunks that never end as for a length that is said', async () => {
    const { url } = await startGateway({ maxBodyBytes: 64 << 10 })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${JSON_V2}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    for (let i = 0; i < 65; i++) socket.write(`400\r\n${' '.repeat(1024)}\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [\s\S]*"error_code":413/)
  })
})

describe('memory that clients hold', () => {
  const CLAIM = `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${JSON_V2}\r\nContent-Length: 4000000\r\n\r\n{`

  it('is what has come, not what is claimed: sockets that claim much lock nobody out', async () => {
    const gateway = await startGateway({ limits: { heldBytes: 1 << 20 } })
    const port = Number(new URL(gateway.url).port)
    const sockets = Array.from({ length: 16 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    for (const socket of sockets) socket.write(CLAIM)
    await expect.poll(() => gateway.totals.requests, EVENTUALLY).toBe(16)
    for (let i = 0; i < 5; i++)
      expect(await gateway.ask('POST', '/topics/t', BODY, produce)).toMatchObject({ status: 200 })
    for (const socket of sockets) socket.destroy()
  })

  it('is given back by whoever stops sending', async () => {
    const limits = { heldBytes: 64 << 10, slowAfterMs: 100, lookEveryMs: 20 }
    const gateway = await startGateway({ limits })
    const port = Number(new URL(gateway.url).port)
    const stalled = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    const answers = Promise.all(stalled.map((socket) => text(socket)))
    for (const socket of stalled) socket.write(CLAIM + ' '.repeat(10_000))
    await expect.poll(async () => (await gateway.ask('POST', '/topics/t', BODY, produce)).status, EVENTUALLY).toBe(200)
    for (const answer of await answers) expect(answer).toMatch(/^HTTP\/1.1 (408|429) /)
  })
})

it('takes no more connections of one address than it says', async () => {
  const { url, ask } = await startGateway({ limits: { connectionsOfOne: 4 } })
  const port = Number(new URL(url).port)
  const idle = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  expect(await text(connect(port, '127.0.0.1').on('error', () => {})).catch(() => '')).toBe('')
  for (const socket of idle) socket.destroy()
  await expect
    .poll(
      () =>
        ask('POST', '/topics/t', BODY, produce).then(
          ({ status }) => status,
          () => 0,
        ),
      EVENTUALLY,
    )
    .toBe(200)
})

describe('an answer', () => {
  it('carries the id of its request, and the access log has a line with it', async () => {
    const { ask, accessLog, close } = await startGateway()
    const own = await ask('POST', '/topics/t?secret=1', BODY, { ...produce, 'x-request-id': 'abc-1' })
    expect(own.headers.get('x-request-id')).toBe('abc-1')
    const made = await ask('POST', '/topics/t', '{', { ...produce, 'x-request-id': 'no good id' })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    await close()
    const lines = (await readFile(accessLog, 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'abc-1', method: 'POST', path: '/topics/t', status: 200, bytes: BODY.length, ip: '127.0.0.1' },
      { id: made.headers.get('x-request-id'), status: 400 },
    ])
    expect((await stat(accessLog)).mode & 0o777).toBe(0o600)
  })
})

describe('a gateway that is told to end', () => {
  it('answers what it has taken in, and takes nothing new', async () => {
    const gateway = await startGateway()
    const port = Number(new URL(gateway.url).port)
    const socket = connect(port, '127.0.0.1')
    const answer = text(socket)
    socket.write(
      `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${JSON_V2}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 9)}`,
    )
    await expect.poll(() => gateway.totals.requests, EVENTUALLY).toBe(1)
    const closed = gateway.close()
    await expect.poll(() => reachable(port), EVENTUALLY).toBe(false)
    socket.write(BODY.slice(9))
    expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*"offset":0/i)
    await closed
    expect(await storedIn(gateway.to, 't')).toHaveLength(1)
  })
})

/** Sends a byte of a body whenever the one before has gone, without end; answers with what comes back. */
async function trickle(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const ended = new AbortController()
  socket.on('error', () => {}).once('close', () => ended.abort())
  socket.write(
    `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${JSON_V2}\r\nContent-Length: 1000000\r\n\r\n{`,
  )
  const drip = setInterval(() => socket.write(' '), 10)
  ended.signal.addEventListener('abort', () => clearInterval(drip))
  let seen = ''
  socket.on('data', (chunk) => {
    seen += chunk.toString()
  })
  await once(ended.signal, 'abort')
  return seen
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

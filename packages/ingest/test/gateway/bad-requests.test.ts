import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

interface BadRequest {
  readonly name: string
  /** As it goes over the wire; in it `…*N` stands for the text before it, N times. */
  readonly send: readonly string[]
  /** Bytes in base64 instead of `send`'s text. */
  readonly base64?: string
  readonly status: number
  /** What the body has to hold. */
  readonly body?: string
}

const REQUESTS = JSON.parse(
  readFileSync(new URL('fixtures/bad-requests.json', import.meta.url), 'utf8'),
) as readonly BadRequest[]

const GOOD = '{"records":[{"value":{"good":true}}]}'

it('has a table of at least 64 bad requests, each once', () => {
  expect(REQUESTS.length).toBeGreaterThanOrEqual(64)
  expect(new Set(REQUESTS.map(({ name }) => name)).size).toBe(REQUESTS.length)
})

it('answers each bad request with what is wrong, stores nothing of it, and lives on', async () => {
  const { url, ask, to } = await startGateway({ maxBodyBytes: 64 << 10 })
  const { port } = new URL(url)
  for (const request of REQUESTS) {
    const answer = await exchange(Number(port), bytesOf(request))
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
    expect({ name: request.name, status }, answer.slice(0, 500)).toEqual({ name: request.name, status: request.status })
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    expect(() => JSON.parse(body), `${request.name}: ${body}`).not.toThrow()
    expect(body, request.name).toContain(request.body ?? '"')
    expect(body, request.name).not.toMatch(/\bat .*\.ts:|node:internal/)
  }
  expect(await ask('POST', '/topics/t', GOOD, { 'content-type': JSON_V2 })).toMatchObject({ status: 200 })
  for (const topic of ['t', 's', 'pin']) {
    const stored = await storedIn(to, topic)
    expect(stored.map(({ value }) => value)).toEqual(topic === 't' ? ['{"good":true}'] : [])
  }
})

it('needs no more memory for many bad requests than for a few', async () => {
  const { url } = await startGateway({ maxBodyBytes: 64 << 10 })
  const port = Number(new URL(url).port)
  const round = async () => {
    await Promise.all(REQUESTS.map((request) => exchange(port, bytesOf(request))))
    globalThis.gc?.()
    return process.memoryUsage().rss
  }
  for (let i = 0; i < 5; i++) await round()
  const early = await round()
  let late = early
  for (let i = 0; i < 20; i++) late = await round()
  expect(late - early).toBeLessThan(48 << 20)
})

function bytesOf({ send, base64 }: BadRequest): Buffer {
  const text = send
    .map((part) => part.replace(/^(.*)…\*(\d+)$/s, (_, what, times) => what.repeat(Number(times))))
    .join('')
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  const bytes = base64 === undefined ? Buffer.from(body) : Buffer.from(base64, 'base64')
  const sized = head.replace('Content-Length: ?', `Content-Length: ${bytes.length}`)
  return text.includes('\r\n\r\n') ? Buffer.concat([Buffer.from(`${sized}\r\n\r\n`), bytes]) : Buffer.from(text)
}

/** All that comes back until the other side closes, or a whole answer is there. */
function exchange(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let seen = ''
    const finish = () => {
      socket.destroy()
      resolve(seen)
    }
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk) => {
      seen += chunk.toString()
      const head = seen.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(seen)?.[1]
      if (head >= 0 && length !== undefined && Buffer.byteLength(seen) >= head + 4 + Number(length)) finish()
    })
    socket.on('close', finish)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? finish() : reject(error),
    )
  })
}

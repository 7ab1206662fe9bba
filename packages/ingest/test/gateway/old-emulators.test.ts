import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { startGateway, storedIn } from './kit.ts'

interface Sent {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly contentType: string
  /** As `json.dumps` writes it. */
  readonly body: string
  readonly stored: { readonly topic: string; readonly value: string; readonly key?: string }
  /** In the answer's body. */
  readonly answer: object
}

const SENT = JSON.parse(
  readFileSync(new URL('fixtures/old-emulators.json', import.meta.url), 'utf8'),
) as readonly Sent[]

/** What Python's requests puts on the wire, byte for byte. */
function asRequests({ method, path, contentType, body }: Sent): string {
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: python-requests/2.31.0',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
    'Connection: close',
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** Addresses of API Gateway have a stage before the path. */
const STAGED = SENT.filter(({ path }) => path !== '/pin/').map((sent) => ({
  ...sent,
  name: `${sent.name}, behind a stage`,
  path: `/test${sent.path}`,
}))

it.each([...SENT, ...STAGED])('serves an old emulator that sends $name, also when it validates', async (sent) => {
  const { url, to } = await startGateway({
    validate: { datasets: ['pin', 'geo', 'user'], folders: [PINTEREST.datasets] },
  })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(asRequests(sent))
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1.1 200 /)
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject(sent.answer)
  const { topic, ...record } = sent.stored
  expect(await storedIn(to, topic)).toMatchObject([record])
})

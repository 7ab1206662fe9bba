import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { JSON_V2, startGateway } from './kit.ts'

const PIN = JSON.stringify({
  ...{ index: 1, unique_id: 'u', title: 't', description: 'd', poster_name: 'p', follower_count: '1', tag_list: 't' },
  ...{ is_image_or_video: 'image', image_src: 's', downloaded: 1, save_location: 'l', category: 'c' },
})

/** By dialect: a request, and how a refusal with this code is said there. */
const DIALECTS = [
  ['POST', '/topics/t', '{"records":[{"value":1}]}', (code: number) => ({ error_code: code })],
  ['PUT', '/streams/t/record', '{"Data":1,"PartitionKey":"p"}', () => ({ message: expect.any(String) })],
  ['POST', '/pin/', PIN, () => ({ detail: expect.any(String) })],
] as const

it.each(DIALECTS)(
  'says 503 and when to come again to %s %s where no broker listens',
  async (method, path, body, said) => {
    const { ask } = await startGateway({ to: 'kafka://127.0.0.1:1' })
    const answer = await ask(method, path, body, { 'content-type': JSON_V2 })
    expect(answer).toMatchObject({ status: 503, json: said(50302) })
    expect(answer.headers.get('retry-after')).toBe('1')
  },
)

it('says 503 to who asks what topics there are', async () => {
  const { ask } = await startGateway({ to: 'kafka://127.0.0.1:1' })
  expect(await ask('GET', '/topics')).toMatchObject({ status: 503, json: { error_code: 50302 } })
  expect(await ask('GET', '/streams')).toMatchObject({ status: 503, json: { __type: 'ServiceUnavailable' } })
  expect(await ask('GET', '/healthz')).toMatchObject({ status: 200 })
})

it.each(DIALECTS)('says 408 to %s %s when a broker does not answer in time', async (method, path, body, said) => {
  const { ask } = await startGateway({ to: `kafka://127.0.0.1:${await silentPort()}`, limits: { answerWithinMs: 1 } })
  expect(await ask(method, path, body, { 'content-type': JSON_V2 })).toMatchObject({ status: 408, json: said(40801) })
})

/** Somebody who takes connections and never says a word. */
async function silentPort(): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer((socket) => void open.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openCluster, type Progress } from '../../src/trino/cluster.ts'

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly page?: unknown
  readonly text?: string
}

interface Asked {
  readonly method: string | undefined
  readonly user: string | undefined
}

/** Answers one request after the other, as it is told to; a cluster cannot be made to fail on demand. */
async function openScript(...answers: ((url: string) => Answer)[]) {
  const asked: Asked[] = []
  const server = createServer((request, response: ServerResponse) => {
    asked.push({ method: request.method, user: request.headers['x-trino-user'] as string | undefined })
    const {
      status = 200,
      headers = {},
      page,
      text = JSON.stringify(page),
    } = answers[asked.length - 1]?.(url) ?? { text: '{}' }
    response.writeHead(status, headers).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { address: `http://alice@${url}/lake`, asked }
}

const more = (url: string) => ({ id: 'one', nextUri: `http://${url}/next` })
const never = new AbortController().signal

it('pages are followed, a 503 is asked again, every page tells how far it is, and long numbers are exact', async () => {
  const stats = { state: 'RUNNING', nodes: 2, processedRows: 5, progressPercentage: 50 }
  const columns = [
    { name: 'n', type: 'bigint' },
    { name: 'x', type: 'double' },
  ]
  const { address, asked } = await openScript(
    (url) => ({ page: more(url) }),
    () => ({ status: 503, text: 'soon' }),
    (url) => ({ page: { ...more(url), stats } }),
    () => ({
      text: `{"id": "one", "columns": ${JSON.stringify(columns)}, "data": [[9007199254740993, 0.5], [7, null]]}`,
    }),
  )
  const seen: Progress[] = []
  const { rows } = await openCluster(address, (progress) => seen.push(progress), never).run('SELECT')
  expect(rows).toEqual([
    ['9007199254740993', 0.5],
    [7, null],
  ])
  expect(seen).toEqual([{ state: 'RUNNING', percent: 50, rows: 5, nodes: 2 }])
  expect(asked.map(({ user }) => user)).toEqual(Array(4).fill('alice'))
})

it('a run that is to stop cancels its statement', async () => {
  const stop = new AbortController()
  const { address, asked } = await openScript((url) => {
    stop.abort(new Error('stopped'))
    return { page: more(url) }
  })
  await expect(openCluster(address, () => {}, stop.signal).run('SELECT')).rejects.toThrow('stopped')
  expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
})

it.each([
  [
    { page: { id: 'one', error: { message: 'no such table', errorName: 'X', errorType: 'USER_ERROR' } } },
    'QUERY_FAILED',
  ],
  [{ status: 401, text: 'who are you' }, 'SOURCE_DENIED'],
  [{ status: 404, text: 'no Trino here' }, 'QUERY_FAILED'],
])('%j is %s', async (answer, code) => {
  const { address } = await openScript(() => answer)
  await expect(openCluster(address, () => {}, never).run('SELECT')).rejects.toMatchObject({ code })
})

it('a cluster that is not there is unreachable', async () => {
  const { run } = openCluster('http://127.0.0.1:1/lake', () => {}, never)
  await expect(run('SELECT')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', retry: true })
})

it.each([
  ['http://trino:8080', 'CONFIG_INVALID'],
  ['trino:8080/lake', 'CONFIG_INVALID'],
  ['http://alice:secret@trino:8080/lake', 'SECRET_IN_URL'],
])('the address %s is %s', (address, code) => {
  expect(() => openCluster(address, () => {}, never)).toThrow(expect.objectContaining({ code }))
})

it('user and password go to no other origin, whether a page names it or a redirect', async () => {
  const thief = await openScript()
  const elsewhere = thief.address.replace('alice@', '')
  const page = await openScript(
    (url) => ({ page: more(url) }),
    () => ({ page: { id: 'one', nextUri: elsewhere } }),
  )
  const redirect = await openScript(() => ({ status: 307, headers: { location: elsewhere } }))
  for (const { address } of [page, redirect]) {
    const said = { code: 'SOURCE_UNSUPPORTED', message: expect.stringContaining(elsewhere) }
    await expect(openCluster(address, () => {}, never).run('SELECT')).rejects.toMatchObject(said)
  }
  expect(page.asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'DELETE'])
  expect(thief.asked).toEqual([])
})

it('a password never goes over plain http', () => {
  vi.stubEnv('TRINO_PASSWORD', 'secret')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(() => openCluster('http://alice@trino:8080/lake', () => {}, never)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('secret') }),
  )
  expect(openCluster('https://alice@trino:8443/lake', () => {}, never).url).toBe('https://trino:8443')
})

it.each([
  'null',
  '[]',
  '{"nextUri": 7}',
  '{"columns": {}}',
  '{"columns": [null]}',
  '{"data": "x"}',
  '{"data": [1]}',
  '{"error": "x"}',
  'no JSON',
  `{"data": [[${'['.repeat(50_000)}]]}`,
])('an answer that is no page is a coded error: %.40s', async (text) => {
  const { address } = await openScript(() => ({ text }))
  await expect(openCluster(address, () => {}, never).run('SELECT')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
})

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { openCluster, type Progress } from '../src/trino/cluster.ts'

interface Asked {
  readonly method: string | undefined
  readonly user: string | undefined
}

/** Answers one request after the other, as it is told to; a cluster cannot be made to fail on demand. */
async function openScript(...answers: ((url: string) => { status?: number; page?: unknown; text?: string })[]) {
  const asked: Asked[] = []
  const server = createServer((request, response: ServerResponse) => {
    asked.push({ method: request.method, user: request.headers['x-trino-user'] as string | undefined })
    const { status = 200, page, text = JSON.stringify(page) } = answers[asked.length - 1]?.(url) ?? { text: '{}' }
    response.writeHead(status).end(text)
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

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ObjectStore, openLake } from '../src/index.ts'
import { followListing } from '../src/s3/listing.ts'

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'somebody')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'something')
  return () => vi.unstubAllEnvs()
})

/** A lake on a server that answers whatever it likes. */
async function lakeOf(answer: (request: IncomingMessage, response: ServerResponse) => void, maxBytes?: number) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    answer(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cache = { folder: join(await temporaryFolder(), 'cache'), ...(maxBytes !== undefined && { maxBytes }) }
  const runtime = { ...systemRuntime, sleep: async () => {} }
  const store = await openLake(`s3://lake?endpoint=${endpoint}&region=us-east-1`, { runtime, cache })
  return { store, asked: () => asked }
}

/** Writes until somebody hangs up. */
function endless(response: ServerResponse, part: Buffer): void {
  const more = () => {
    while (response.write(part));
  }
  response.on('drain', more)
  more()
}

async function listed(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}

const contents = (key: string) =>
  `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`
const page = (inside: string, token?: string) =>
  `<ListBucketResult>${token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}${inside}</ListBucketResult>`

describe('a listing of a hostile server ends with a coded error', () => {
  it.each<[string, (nth: number) => string]>([
    ['goes on at the same place for ever', (nth) => page(contents(`k${String(nth).padStart(9, '0')}`), 'same')],
    ['has pages without an object for ever', (nth) => page('', `token-${nth}`)],
    ['has the same objects for ever', (nth) => page(contents('k'), `token-${nth}`)],
    ['is in no order', () => page(contents('b') + contents('a'))],
    ['has objects of another prefix', () => page(contents('../../etc/passwd'))],
    ['has objects without a size', () => page('<Contents><Key>k</Key></Contents>')],
    ['ends in the middle of an object', () => page('<Contents><Key>k')],
    ['is no listing', () => '<Error/>'],
    ['is empty', () => ''],
  ])('when it %s', async (_, answer) => {
    let nth = 0
    const { store, asked } = await lakeOf((_request, response) => response.end(answer(nth++)))
    const prefix = answer(0).includes('passwd') ? 'tables/' : ''
    await expect(listed(store, prefix)).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) })
    expect(asked()).toBeLessThan(1_100)
  })

  it('when a page has no end', async () => {
    const { store } = await lakeOf((_, response) => endless(response, Buffer.alloc(1 << 20, '<Contents>')))
    await expect(listed(store)).rejects.toMatchObject({ code: 'STORE_UNSUITABLE' })
  })

  it('when it has more objects than any bucket of ours, page after page', () => {
    const follow = followListing('', undefined)
    let count = 0
    const endlessly = () => {
      for (;;) follow.key(String(2 ** 40 + count++))
    }
    expect(endlessly).toThrow(expect.objectContaining({ code: 'STORE_UNSUITABLE' }))
    expect(count).toBe(5_000_001)
  })
})

// In quadratic time it would take hours.
it('a page is read once from its beginning to its end, whatever opens and is not closed in it', async () => {
  const tricks = ['<Contents>', '<Contents><Key>', '<Key>&amp', '&#x', '</Contents>']
  for (const trick of tricks) {
    const long = page(trick.repeat(Math.floor((8 << 20) / trick.length)))
    const { store } = await lakeOf((_, response) => response.end(long))
    await listed(store).catch((error: unknown) =>
      expect(error).toMatchObject({ code: expect.stringMatching(/^STORE_/) }),
    )
  }
})

it('whatever bytes are changed in a page, it is a listing or a coded error', async () => {
  const whole = page(contents('a&amp;b') + contents('b&#x1F600;'))
  let said = ''
  const { store } = await lakeOf((_, response) => response.end(said))
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.constantFrom('<', '>', '&', '#', ';', 'x', '9', '')), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(flips, async (flips) => {
      said = whole
      for (const [at, byte] of flips) said = said.slice(0, at) + byte + said.slice(at + 1)
      await listed(store).catch((error: unknown) =>
        expect(error).toMatchObject({ code: expect.stringMatching(/^STORE_/) }),
      )
    }),
  )
})

describe('an object of a hostile server ends with a coded error', () => {
  it('when it has no end', async () => {
    const { store } = await lakeOf((_, response) => endless(response, Buffer.alloc(1 << 20)))
    await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_UNSUITABLE' })
  })

  it('when it says that it is larger than anything that is held', async () => {
    const { store } = await lakeOf(({ method }, response) => {
      response.writeHead(200, { 'content-length': String(2 ** 40) })
      if (method === 'HEAD') return void response.end()
      endless(response, Buffer.alloc(1 << 20))
    })
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('1099511627776'),
    })
    await expect(store.readable(['part-1.parquet'])).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) })
  })

  it('when more bytes come than it says', async () => {
    const { store } = await lakeOf((_, { socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefghijkl')
    })
    const outcome = await store.get('k').catch((error: unknown) => error)
    if (outcome instanceof Uint8Array) expect(Buffer.from(outcome).toString()).toBe('abc')
    else expect(outcome).toMatchObject({ code: 'STORE_FAILED' })
  })

  it.each<[string, number, Record<string, string>, string]>([
    ['the whole of it', 200, {}, 'abcdefgh'],
    ['more of it', 206, { 'content-range': 'bytes 2-9/10' }, 'cdefghij'],
    ['another part', 206, { 'content-range': 'bytes 0-2/10' }, 'abc'],
    ['a part of which nobody says where it was', 206, {}, 'cde'],
  ])('when a part is asked for and comes %s', async (_, status, headers, body) => {
    const { store } = await lakeOf((_request, response) => {
      response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(body)
    })
    await expect(store.get('k', { offset: 2, length: 3 })).rejects.toMatchObject({ code: 'STORE_UNSUITABLE' })
  })

  it('when the refusal has no end, and when the answer to a write has none', async () => {
    const { store } = await lakeOf(({ method }, response) => {
      response.writeHead(method === 'GET' ? 403 : 200)
      endless(response, Buffer.alloc(1 << 20, '<Code>'))
    })
    await expect(store.get('k')).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) })
    await expect(store.delete('k')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

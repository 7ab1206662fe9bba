import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { systemRuntime } from '@millrace/base'
import { s3Client, temporaryFolder, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openLake } from '../src/index.ts'
import { openTestLake } from './s3-lake.ts'
import { openProxy } from './s3-proxy.ts'

const SLOW_DOWN = { status: 503, code: 'SlowDown' }
const CONFLICT = { status: 409, code: 'ConditionalRequestConflict' }
const DENIED = { status: 403, code: 'AccessDenied' }

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found)

const it = withServices('s3').extend('far', async ({ s3 }) => {
  const proxy = await openProxy(s3.endpoint)
  const folder = await temporaryFolder()
  onTestFinished(() => {
    proxy.close()
    expect(proxy.unmet()).toEqual([])
  })
  const runtime = { ...systemRuntime, sleep: async () => {} }
  const server = { ...s3, endpoint: proxy.endpoint }
  const store = await openTestLake(server, { runtime, cache: { folder: join(folder, 'cache') } })
  const staged = async (size: number) => {
    const path = join(folder, 'staged')
    const content = randomBytes(size)
    await writeFile(path, content)
    return { path, content }
  }
  /** Uploads in parts that were begun and neither ended nor aborted. */
  const leftBehind = async () => {
    const client = s3Client(s3)
    const bucket = new URL(store.url).hostname
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    client.destroy()
    return Uploads.length
  }
  return { store, proxy, staged, leftBehind }
})

it('hears that its own object exists when the answer to its creation got lost', async ({ far: { store, proxy } }) => {
  proxy.trouble(/^PUT .*0\.json/, 'answer lost')

  expect(await store.putIfAbsent('log/0.json', bytes('mine'))).toBe('exists')

  expect(text(await store.get('log/0.json'))).toBe('mine')
  expect(proxy.seen.filter((line) => line.includes('0.json')).map((line) => line.slice(-3))).toEqual([
    '200',
    '412',
    '200',
  ])
})

it('asks again when the server is busy or has a conflict', async ({ far: { store, proxy } }) => {
  proxy.trouble(/^PUT .*1\.json/, SLOW_DOWN, CONFLICT, { status: 500, code: 'InternalError' }, CONFLICT)

  expect(await store.putIfAbsent('log/1.json', bytes('mine'))).toBe('created')
})

it('gives up on a conflict that never ends, and says so', async ({ far: { store, proxy } }) => {
  proxy.trouble(/^PUT .*2\.json/, ...Array.from({ length: 50 }, () => CONFLICT))

  await expect(store.putIfAbsent('log/2.json', bytes('mine'))).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('create log/2.json'),
  })
})

it('reads again what broke off half-way', async ({ far: { store, proxy } }) => {
  const content = randomBytes(300_000)
  await store.put('data', content)
  proxy.trouble(/^GET .*data/, 'cut short', 'cut short', 'cut short')

  expect(Buffer.compare((await store.get('data')) ?? new Uint8Array(), content)).toBe(0)
})

it('asks again for what the server could not give just then', async ({ far: { store, proxy } }) => {
  await store.put('data', bytes('content'))
  const slow = { status: 400, code: 'RequestTimeout' }
  proxy.trouble(/^GET .*data/, SLOW_DOWN, { status: 500, code: 'InternalError' }, slow, 'answer lost', 'damaged')

  expect(text(await store.get('data'))).toBe('content')
  proxy.trouble(/^GET .*data/, SLOW_DOWN, 'answer lost')
  expect(text(await store.get('data', { offset: 3, length: 2 }))).toBe('te')
})

it('asks no second time for what it may not read', async ({ far: { store, proxy } }) => {
  await store.put('data', bytes('content'))
  proxy.trouble(/^GET .*data/, DENIED)

  await expect(store.get('data')).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('get data failed: HTTP 403, on purpose'),
    next: expect.stringContaining('s3:GetObject'),
  })
  expect(proxy.seen.filter((line) => line.startsWith('GET'))).toHaveLength(1)
})

it('gives up on a server that stays busy, and passes on what it says', async ({ far: { store, proxy } }) => {
  proxy.trouble(/^GET .*data/, ...Array.from({ length: 50 }, () => SLOW_DOWN))

  await expect(store.get('data')).rejects.toMatchObject({ message: expect.stringContaining('HTTP 503') })
})

it('goes to the region that the server names', async ({ far: { store, proxy } }) => {
  await store.put('data', bytes('content'))
  const moved = await openLake(`${store.url}?endpoint=${proxy.endpoint}&region=eu-west-1`)
  const headers = { 'x-amz-bucket-region': 'us-east-1' }
  proxy.trouble(/^GET .*data/, { status: 301, code: 'PermanentRedirect', headers })

  expect(text(await moved.get('data'))).toBe('content')
  expect(text(await moved.get('data'))).toBe('content')
})

it("reads with a clock that is an hour off by the server's", async ({ s3, far: { store } }) => {
  await store.put('data', bytes('content'))
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() - 3_600_000 }
  const late = await openLake(`${store.url}?endpoint=${s3.endpoint}`, { runtime })

  expect(text(await late.get('data'))).toBe('content')
})

it('reads with new credentials once the old ones have run out', async ({ s3, far: { store } }) => {
  await store.put('data', bytes('content'))
  process.env.AWS_CREDENTIAL_EXPIRATION = new Date(systemRuntime.now() - 1).toISOString()
  process.env.AWS_SECRET_ACCESS_KEY = 'run out'
  onTestFinished(() => {
    delete process.env.AWS_CREDENTIAL_EXPIRATION
    process.env.AWS_SECRET_ACCESS_KEY = s3.secretAccessKey
  })
  const lake = await openLake(`${store.url}?endpoint=${s3.endpoint}`)
  await expect(lake.get('data')).rejects.toMatchObject({ next: expect.stringContaining('secret') })

  process.env.AWS_SECRET_ACCESS_KEY = s3.secretAccessKey

  expect(text(await lake.get('data'))).toBe('content')
})

it('caches whole files alone, however often the download breaks off', async ({ far: { store, proxy } }) => {
  const content = randomBytes(300_000)
  await store.put('data', content)
  proxy.trouble(/^GET .*data/, ...Array.from({ length: 8 }, () => 'cut short' as const))

  await expect(store.readable(['data'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
  const { paths, release } = await store.readable(['data'])

  expect(Buffer.compare(await readFile(paths[0] ?? ''), content)).toBe(0)
  await release()
})

it('takes an upload for done whose answer got lost', async ({ far: { store, proxy, staged } }) => {
  const { path, content } = await staged(5_000)
  proxy.trouble(/^PUT .*part-1/, 'answer lost')

  await store.upload('data/part-1', path)

  expect(await store.get('data/part-1')).toHaveLength(content.length)
})

it('takes a large upload for done whose last answer got lost', async ({
  far: { store, proxy, staged, leftBehind },
}) => {
  const { path, content } = await staged(20_000_000)
  proxy.trouble(/^POST .*part-2\?.*uploadId/, 'answer lost')

  await store.upload('data/part-2', path)

  expect(Buffer.compare((await store.get('data/part-2')) ?? new Uint8Array(), content)).toBe(0)
  expect(await leftBehind()).toBe(0)
})

it('sends all parts again when the end of the upload meets a conflict', async ({
  far: { store, proxy, staged, leftBehind },
}) => {
  const { path, content } = await staged(20_000_000)
  proxy.trouble(/^POST .*part-3\?.*uploadId/, CONFLICT)

  await store.upload('data/part-3', path)

  expect(Buffer.compare((await store.get('data/part-3')) ?? new Uint8Array(), content)).toBe(0)
  expect(proxy.seen.filter((line) => /^POST .*part-3\?uploads/.test(line))).toHaveLength(2)
  expect(await leftBehind()).toBe(0)
})

it('sends a part again that the server was too busy for', async ({ far: { store, proxy, staged } }) => {
  const { path, content } = await staged(20_000_000)
  proxy.trouble(/^PUT .*part-4\?.*partNumber=2/, SLOW_DOWN, 'answer lost')

  await store.upload('data/part-4', path)

  expect(Buffer.compare((await store.get('data/part-4')) ?? new Uint8Array(), content)).toBe(0)
})

it('leaves no parts behind when an upload fails', async ({ far: { store, proxy, staged, leftBehind } }) => {
  const { path } = await staged(20_000_000)
  proxy.trouble(/^PUT .*part-5\?.*partNumber=2/, DENIED)

  await expect(store.upload('data/part-5', path)).rejects.toMatchObject({ code: 'STORE_FAILED' })

  expect(await leftBehind()).toBe(0)
  expect(await store.get('data/part-5')).toBeUndefined()
})

it('names the permission that is missing', async ({ far: { store, proxy } }) => {
  proxy.trouble(/^GET .*list-type/, DENIED)

  await expect(Array.fromAsync(store.keys(''))).rejects.toMatchObject({
    code: 'STORE_FAILED',
    next: expect.stringContaining('s3:ListBucket'),
  })
})

it('does not take a missing bucket for an empty lake', async ({ s3, far: { store } }) => {
  const missing = await openLake(`${store.url.replace('lake-', 'missing-')}?endpoint=${s3.endpoint}`)
  const refusal = { code: 'STORE_FAILED', next: expect.stringContaining('Create the bucket') }

  await expect(missing.get('a')).rejects.toMatchObject(refusal)
  await expect(missing.putIfAbsent('a', bytes('x'))).rejects.toMatchObject(refusal)
  await expect(Array.fromAsync(missing.keys(''))).rejects.toMatchObject(refusal)
})

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { freePort, temporaryFolder } from '@millrace/testkit'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openLake } from '../src/index.ts'

/** Pauses take no time. */
const runtime = { ...systemRuntime, sleep: async () => {} }
const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
const NO_KEYS = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined }

async function answering(status: number, body: string, headers = {}): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const refusing = (status: number, code: string) => async () =>
  `http://${await answering(status, `<Error><Code>${code}</Code><Message>on purpose</Message></Error>`)}`

const S3_ROWS = [
  {
    name: 'an endpoint where nobody listens',
    endpoint: async () => `http://127.0.0.1:${await freePort()}`,
    expected: { code: 'STORE_FAILED', message: /ECONNREFUSED/, next: /no server listens there/ },
  },
  {
    name: 'a name that no server has',
    endpoint: async () => 'http://nosuch.invalid',
    expected: { code: 'STORE_FAILED', message: /nosuch\.invalid/, next: /no server has that name/ },
  },
  {
    name: 'a server without TLS',
    endpoint: async () => `https://${await answering(200, '')}`,
    expected: { code: 'STORE_FAILED', message: /get some\/key failed/, next: /begin \?endpoint= with http:/ },
  },
  {
    name: 'a server that is no S3',
    endpoint: async () => `http://${await answering(200, '<html>hello</html>', { 'transfer-encoding': 'chunked' })}`,
    expected: { code: 'STORE_UNSUITABLE', message: /how long some\/key is/, next: /may be no S3/ },
  },
  {
    name: 'a bucket that is not there',
    endpoint: refusing(404, 'NoSuchBucket'),
    expected: { code: 'STORE_FAILED', message: /404, on purpose/, next: /Create the bucket/ },
  },
  {
    name: 'a right that is missing',
    endpoint: refusing(403, 'AccessDenied'),
    expected: { code: 'STORE_FAILED', message: /403, on purpose/, next: /Allow s3:GetObject/ },
  },
  {
    name: 'a key that Amazon does not know',
    endpoint: refusing(403, 'InvalidAccessKeyId'),
    expected: { code: 'STORE_FAILED', message: /on purpose/, next: /which credentials/ },
  },
  {
    name: 'a wrong secret',
    endpoint: refusing(403, 'SignatureDoesNotMatch'),
    expected: { code: 'STORE_FAILED', message: /on purpose/, next: /secret/ },
  },
  {
    name: 'credentials that have expired',
    endpoint: refusing(400, 'ExpiredToken'),
    expected: { code: 'STORE_FAILED', message: /on purpose/, next: /Renew/ },
  },
  {
    name: 'a wrong clock',
    endpoint: refusing(403, 'RequestTimeTooSkewed'),
    expected: { code: 'STORE_FAILED', message: /on purpose/, next: /clock/ },
  },
  {
    name: 'no credentials',
    endpoint: async () => 'http://127.0.0.1:9',
    keys: {},
    expected: { code: 'STORE_FAILED', message: /credentials/, next: /environment, ~\/\.aws/ },
  },
]

it.each(S3_ROWS)('S3: $name is $expected.code and says what to do', async ({ endpoint, keys = KEYS, expected }) => {
  const home = { HOME: await temporaryFolder(), AWS_EC2_METADATA_DISABLED: 'true' }
  for (const [name, value] of Object.entries({ ...NO_KEYS, ...home, ...keys })) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const store = await openLake(`s3://bucket?region=eu-west-1&endpoint=${await endpoint()}`, { runtime })
  await expect(store.get('some/key')).rejects.toMatchObject({
    code: expected.code,
    message: expect.stringMatching(expected.message),
    next: expect.stringMatching(expected.next),
  })
})

const FILE_ROWS = [
  {
    name: 'a file in the place of the lake',
    lake: async (folder: string) => {
      await writeFile(join(folder, 'lake'), '')
      return join(folder, 'lake')
    },
    key: 'table/key',
    next: /name another folder/,
  },
  {
    name: 'a file in the place of a table',
    lake: async (folder: string) => {
      await mkdir(join(folder, 'lake'))
      await writeFile(join(folder, 'lake', 'table'), '')
      return join(folder, 'lake')
    },
    key: 'table/key',
    next: /name another folder/,
  },
  { name: 'a name that is too long', lake: async (folder: string) => folder, key: 'k'.repeat(300), next: /shorter/ },
]

it.each(FILE_ROWS)('a folder: $name is STORE_FAILED and says what to do', async ({ lake, key, next }) => {
  const store = await openLake(await lake(await temporaryFolder()))
  await expect(store.putIfAbsent(key, new Uint8Array())).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining(`create ${key} failed`),
    next: expect.stringMatching(next),
  })
})

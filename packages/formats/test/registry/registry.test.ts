import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, valueAt } from '@millrace/base'
import { expect, onTestFinished, test } from 'vitest'
import { openFormat } from '../../src/index.ts'

const schema = (name: string, ...fields: unknown[]) => ({ schema: JSON.stringify({ type: 'record', name, fields }) })
const N = { name: 'n', type: 'int' }

const isNotFound = (found: unknown): found is { readonly notFound: unknown } =>
  typeof found === 'object' && found !== null && 'notFound' in found

/** A registry that has these answers by path, and what was asked of it. */
async function serve(answers: Readonly<Record<string, unknown>>, environment: Record<string, string> = {}) {
  const asked: IncomingMessage[] = []
  const answer: RequestListener = (request, response) => {
    asked.push(request)
    const found = answers[request.url ?? '']
    response.statusCode = typeof found === 'number' ? found : found === undefined ? 404 : 200
    if (isNotFound(found)) response.statusCode = 404
    response.end(JSON.stringify(isNotFound(found) ? found.notFound : (found ?? { error_code: 40403 })))
  }
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const format = openFormat('avro', { registry: `${url}/api/`, environment })
  const read = async (...messages: Buffer[]) => {
    const { lines, rejected } = await format.read(joinValues(messages))
    const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
    return messages.map((_, i) => reasons.get(i) ?? JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString()))
  }
  return { url, asked, read, answers: answers as Record<string, unknown> }
}

/** A value under the id of a schema. */
const message = (id: number, ...bytes: number[]) => {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, Buffer.from(bytes)])
}

test('each schema is asked for once, however many messages name it', async () => {
  const { read, asked } = await serve({
    '/api/schemas/ids/1': schema('A', N),
    '/api/schemas/ids/2': schema('B', { name: 'm', type: 'int' }),
  })
  const messages = Array.from({ length: 1000 }, (_, i) => message(1 + (i % 2), 2))
  expect((await read(...messages)).slice(0, 3)).toEqual([{ n: 1 }, { m: 1 }, { n: 1 }])
  await Promise.all([read(message(1, 4)), read(message(2, 4))])
  expect(asked.map(({ url }) => url).sort()).toEqual(['/api/schemas/ids/1', '/api/schemas/ids/2'])
})

test('a message may name its schema by a UUID, as what stands in a header of Confluent’s does', async () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const { read, asked } = await serve({ [`/api/schemas/guids/${uuid}`]: schema('A', N) })
  const named = Buffer.concat([Buffer.from([1]), Buffer.from(uuid.replaceAll('-', ''), 'hex')])
  const [good, short, other] = [Buffer.from([...named, 2]), named.subarray(0, 16), Buffer.from([2, ...named])]
  const unnamed = 'not Avro: it does not begin with the id of a schema'
  expect(await read(good, good, short, other)).toEqual([{ n: 1 }, { n: 1 }, unnamed, unnamed])
  expect(asked).toHaveLength(1)
})

test('a registry that knows no UUIDs rejects their messages; where it has nothing else either, it is a wrong address', async () => {
  const noPath = { notFound: { error_code: 404, message: 'HTTP 404 Not Found' } }
  const path = '/api/schemas/guids/01010101-0101-0101-0101-010101010101'
  const { read, answers } = await serve({ [path]: noPath, '/api/schemas/types': ['AVRO'] })
  const unknown = 'not Avro: its schema 01010101-0101-0101-0101-010101010101 is not in the registry'
  expect(await read(Buffer.alloc(18, 1))).toEqual([unknown])
  answers['/api/schemas/types'] = noPath
  await expect(read(Buffer.alloc(18, 1))).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', retry: true })
})

test.each([
  ['', '0000000007', '000000000000000008'],
  ['?ids=content', '000000000000000007', undefined],
  ['?ids=global', undefined, '000000000000000008'],
])(
  'ids in Apicurio’s headers stand before a value then, as its serialisers write them there: %s',
  (ids, content, version) => {
    const { idsInHeaders } = openFormat('avro', {
      registry: `http://127.0.0.1:1/apis/registry/v3${ids}`,
      environment: {},
    })
    const long = (id: number) => Buffer.from([0, 0, 0, 0, 0, 0, 0, id])
    const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')
    expect(hex(idsInHeaders?.value('apicurio.value.contentId', long(7)))).toBe(content)
    expect(hex(idsInHeaders?.key('apicurio.key.globalId', long(8)))).toBe(version)
    expect(idsInHeaders?.key('apicurio.value.globalId', long(8))).toBeUndefined()
    expect(idsInHeaders?.value('apicurio.value.globalId', long(8).subarray(1))).toBeUndefined()
    expect(idsInHeaders?.value('__value_schema_id', long(8))).toBeUndefined()
  },
)

test('a schema that the registry does not have rejects its messages; it is asked for again later', async () => {
  const { read, answers } = await serve({ '/api/schemas/ids/1': schema('A', N) })
  expect(await read(message(1, 2), message(9, 2))).toEqual([{ n: 1 }, 'not Avro: its schema 9 is not in the registry'])
  answers['/api/schemas/ids/9'] = schema('C', N)
  expect(await read(message(9, 2))).toEqual([{ n: 1 }])
})

test('schemas that refer to others find them, through several', async () => {
  const refers = (name: string, subject: string) => ({ references: [{ name, subject, version: 1 }] })
  const { read } = await serve({
    '/api/schemas/ids/1': {
      ...schema('Order', { name: 'to', type: 'shop.Person' }),
      ...refers('shop.Person', 'person value'),
    },
    '/api/subjects/person%20value/versions/1': {
      ...schema('shop.Person', { name: 'at', type: 'Place' }),
      ...refers('shop.Place', 'place'),
    },
    '/api/subjects/place/versions/1': schema('shop.Place', { name: 'zip', type: 'string' }),
  })
  expect(await read(message(1, 4, 0x34, 0x32))).toEqual([{ to: { at: { zip: '42' } } }])
})

test.each([
  ['in small schemas', 10, 201],
  ['in large schemas', 3 << 20, 5],
])(
  'a schema that refers to others without end, %s, rejects its messages: the registry is asked no more',
  async (_, length, most) => {
    const endless = (next: number) => ({
      schema: JSON.stringify({
        type: 'record',
        name: `R${next}`,
        fields: [{ name: 'a', type: `R${next + 1}` }],
        doc: 'x'.repeat(length),
      }),
      references: [{ name: `R${next + 1}`, subject: `r${next + 1}`, version: 1 }],
    })
    const answers = new Proxy<Record<string, unknown>>(
      {},
      { get: (_, path) => endless(Number(/\d+/.exec(String(path))?.[0])) },
    )
    const { read, asked } = await serve(answers)
    expect(await read(message(1, 2))).toEqual([expect.stringMatching(/^not Avro: its schema can't be read/)])
    expect(asked.length).toBeLessThanOrEqual(most)
  },
)

test('a schema that is of another kind or can not be read rejects its messages', async () => {
  const { read } = await serve({
    '/api/schemas/ids/1': { schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' },
    '/api/schemas/ids/2': { schema: '{' },
    '/api/schemas/ids/3': schema('R', { name: 'a', type: 'Elsewhere' }),
  })
  const [protobuf, broken, lacking] = await read(message(1), message(2), message(3))
  expect(protobuf).toBe('not Avro: its schema is of the kind PROTOBUF')
  expect(broken).toMatch(/^not Avro: its schema can't be read: /)
  expect(lacking).toBe(`not Avro: its schema can't be read: the type "Elsewhere" is not defined`)
})

test('a registry that fails is an error that a later try may heal; one that refuses us is not', async () => {
  const { read, answers } = await serve({ '/api/schemas/ids/1': 503, '/api/schemas/ids/2': 401 })
  await expect(read(message(1, 2))).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE', retry: true })
  await expect(read(message(2, 2))).rejects.toMatchObject({ code: 'SOURCE_DENIED', retry: false })
  answers['/api/schemas/ids/1'] = schema('A', N)
  expect(await read(message(1, 2))).toEqual([{ n: 1 }])
  const gone = openFormat('avro', { registry: 'http://127.0.0.1:1', environment: {} })
  await expect(gone.read(joinValues([message(1, 2)]))).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    retry: true,
  })
})

test('what is no registry, or a path of it that has no schemas, does not say that a schema is not there', async () => {
  const { url, read, answers, asked } = await serve({})
  const at = (path: string) => openFormat('avro', { registry: `${url}${path}`, environment: {} })
  for (const answer of [
    {},
    { name: 'NotFoundException' },
    { error_code: 404, message: 'HTTP 404 Not Found' },
    '<html>not here</html>',
    null,
  ]) {
    Object.assign(answers, { '/other/schemas/ids/1': { notFound: answer } })
    await expect(at('/other').read(joinValues([message(1, 2)]))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retry: true,
      message: expect.stringContaining('has no schemas at this address'),
    })
  }
  Object.assign(answers, { '/api/schemas/ids/1': { notFound: { name: 'ContentNotFoundException' } } })
  expect(await read(message(1, 2))).toEqual(['not Avro: its schema 1 is not in the registry'])
  const before = asked.length
  expect(await read(message(2 ** 32 - 1, 2))).toEqual(['not Avro: its schema 4294967295 is not in the registry'])
  expect(asked.length).toBe(before)
})

test('the login is sent: a name and a password, or a token', async () => {
  const answers = { '/api/schemas/ids/1': schema('A', N) }
  const basic = await serve(answers, { MILLRACE_REGISTRY_USERNAME: 'ada', MILLRACE_REGISTRY_PASSWORD: 'geheim' })
  await basic.read(message(1, 2))
  expect(basic.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ada:geheim').toString('base64')}`)
  const bearer = await serve(answers, { MILLRACE_REGISTRY_TOKEN: 'abc' })
  await bearer.read(message(1, 2))
  expect(bearer.asked[0]?.headers.authorization).toBe('Bearer abc')
})

test('over TLS the certificate is checked: one of a private authority is named by the address', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-registry-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...names], { stdio: 'pipe' })
  const tls = { key: readFileSync(key), cert: readFileSync(cert) }
  const server = createTlsServer(tls, (_, response) => response.end(JSON.stringify(schema('A', N)))).listen(
    0,
    '127.0.0.1',
  )
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const readBy = async (registry: string) =>
    openFormat('avro', { registry, environment: {} }).read(joinValues([message(1, 2)]))
  await expect(readBy(url)).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: expect.stringContaining('certificate'),
    next: expect.stringContaining('?ca=FILE'),
  })
  expect((await readBy(`${url}?ca=${cert}`)).rejected).toEqual([])
})

test.each([
  ['https://ada:geheim@registry.example', 'SECRET_IN_URL'],
  ['https://registry.example?token=abc', 'SECRET_IN_URL'],
  ['registry.example:8081', 'CONFIG_INVALID'],
  ['https://registry.example?timeout=1', 'CONFIG_INVALID'],
  ['https://registry.example?ca=/nowhere.pem', 'CONFIG_INVALID'],
])('the address %s is refused', (registry, code) => {
  expect(() => openFormat('avro', { registry, environment: {} })).toThrow(expect.objectContaining({ code }))
})

test('without a registry it is refused before anything is read', () => {
  expect(() => openFormat('avro', { environment: {} })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

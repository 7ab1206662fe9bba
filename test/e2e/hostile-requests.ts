import { readFileSync } from 'node:fs'

/** What an attacker writes to one connection; it hangs up after the answer, or after a while without one. */
export interface HostileRequest {
  readonly name: string
  readonly parts: () => Iterable<Buffer>
  /** Reads nothing of what comes back. */
  readonly deaf?: true
}

interface BadRequest {
  readonly name: string
  readonly send: readonly string[]
  readonly base64?: string
}

const FIXTURES = new URL('../../packages/ingest/test/gateway/fixtures/bad-requests.json', import.meta.url)
const JSON_V2 = 'application/vnd.kafka.json.v2+json'
const LARGEST = 16 << 20
const MEGABYTE = Buffer.alloc(1 << 20, ' ')

/** At least 300: known bad ones, bombs, slow and endless ones, and mutations of good ones by a seeded fuzzer. */
export function hostileRequests(key: string): HostileRequest[] {
  const bombs = [...memoryBombs(key), ...misuse(key)]
  return spread([...knownBad(key), ...fuzzed(key, 200), ...bombs, ...bombs, ...bombs])
}

function head(method: string, path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function post(name: string, key: string, body: string | Buffer, path = '/topics/hostile.pin', type = JSON_V2) {
  const bytes = Buffer.from(body)
  const headers = { 'Content-Type': type, 'X-Api-Key': key, 'Content-Length': bytes.length }
  return { name, parts: () => [Buffer.from(head('POST', path, headers)), bytes] }
}

function memoryBombs(key: string): HostileRequest[] {
  const json = { 'Content-Type': JSON_V2, 'X-Api-Key': key }
  const list = (record: string) =>
    `{"records":[${`${record},`.repeat((LARGEST - 100) / (record.length + 1))}${record}]}`
  return [
    post('five million empty records', key, list('{}')),
    post('records of one digit', key, list('{"value":1}')),
    post('one large text', key, `{"records":[{"value":"${'x'.repeat(LARGEST - 100)}"}]}`),
    post('brackets', key, '['.repeat(LARGEST)),
    post('escapes', key, `{"records":[{"key":"${'\\u0041'.repeat(2_000_000)}","value":1}]}`),
    post('the most that is taken', key, `{"records":[${Array(50_000).fill('{"value":{"a":1}}').join()}]}`),
    post('binary', key, list('{"value":"AAAA"}'), '/topics/hostile.pin', 'application/json'),
    post('members without end', key, `{"records":[{"value":1}]${',"value_schema":1'.repeat(900_000)}}`),
    {
      name: 'a body that claims to be large and never comes',
      parts: () => [Buffer.from(`${head('POST', '/topics/hostile.pin', { ...json, 'Content-Length': LARGEST })}{`)],
    },
    {
      name: 'nearly all of a large body',
      parts: function* () {
        yield Buffer.from(head('POST', '/topics/hostile.pin', { ...json, 'Content-Length': LARGEST }))
        for (let i = 0; i < 15; i++) yield MEGABYTE
      },
    },
    {
      name: 'chunks beyond the largest body',
      parts: function* () {
        yield Buffer.from(head('POST', '/topics/hostile.pin', { ...json, 'Transfer-Encoding': 'chunked' }))
        for (let i = 0; i < 24; i++) yield Buffer.concat([Buffer.from('100000\r\n'), MEGABYTE, Buffer.from('\r\n')])
      },
    },
    {
      name: 'many requests in one go, whose answers nobody reads',
      deaf: true,
      parts: () => [Buffer.from(head('GET', '/openapi.json', json).repeat(2_000))],
    },
  ]
}

function misuse(key: string): HostileRequest[] {
  const json = { 'Content-Type': 'application/json', 'X-Api-Key': key }
  const plain = (name: string, text: string): HostileRequest => ({ name, parts: () => [Buffer.from(text)] })
  return [
    post('too many shards', key, '{"ShardCount":9999}', '/streams/wide', 'application/json'),
    post('an internal topic', key, '{"records":[{"value":1}]}', '/topics/__consumer_offsets'),
    post('a form', key, '{"records":[{"value":1}]}', '/topics/hostile.pin', 'text/plain'),
    plain('an internal topic is removed', head('DELETE', '/streams/__consumer_offsets', json)),
    plain('a topic is removed', head('DELETE', '/streams/good', json)),
    plain('another name', head('GET', '/topics', { ...json, Host: 'evil.example' })),
    plain('another origin', head('GET', '/topics', { ...json, Origin: 'http://evil.example' })),
    plain('another address', head('GET', 'http://evil.example/topics', json)),
    plain('no key', head('GET', '/topics', {})),
    plain('a guessed key', head('GET', '/topics', { 'X-Api-Key': `guess-${Math.random()}-and-some-more` })),
    plain('half a header', 'POST /topics/hostile.pin HTTP/1.1\r\nHost: local'),
    plain('headers without end', `GET / HTTP/1.1\r\n${'X-Filler: y\r\n'.repeat(4_000)}`),
  ]
}

function knownBad(key: string): HostileRequest[] {
  const known = JSON.parse(readFileSync(FIXTURES, 'utf8')) as readonly BadRequest[]
  return known.map(({ name, send, base64 }) => {
    const text = send.map((part) => part.replace(/^(.*)…\*(\d+)$/s, (_, what, times) => what.repeat(times))).join('')
    const [start = '', body = ''] = text.split('\r\n\r\n', 2)
    const bytes = base64 === undefined ? Buffer.from(body) : Buffer.from(base64, 'base64')
    const withKey = start.replace('\r\n', `\r\nX-Api-Key: ${key}\r\n`).replace('Length: ?', `Length: ${bytes.length}`)
    const end = text.includes('\r\n\r\n') ? '\r\n\r\n' : ''
    return { name, parts: () => [Buffer.from(withKey + end), bytes] }
  })
}

/** Good requests with bytes changed, cut out, doubled or put in, the same ones in every run. */
function fuzzed(key: string, count: number): HostileRequest[] {
  const chance = randomFrom(20_261_128)
  const below = (bound: number) => Math.floor(chance() * bound)
  const bodies = [
    [
      'POST',
      '/topics/hostile.pin',
      '{"records":[{"key":"k","value":{"a":[1,2.5e3,"é\\n"]}},{"value":null,"partition":0}]}',
    ],
    ['PUT', '/streams/hostile.pin/record', '{"StreamName":"s","Data":{"index":1},"PartitionKey":"p"}'],
    ['PUT', '/streams/hostile.pin/records', '{"records":[{"data":{"a":1},"partition-key":"p"}]}'],
    ['POST', '/streams/hostile.pin', '{"ShardCount":1}'],
    ['GET', '/topics/hostile.pin', ''],
  ] as const
  return Array.from({ length: count }, (_, i) => {
    const [method, path, body] = bodies[i % bodies.length] ?? bodies[0]
    const headers = { 'Content-Type': JSON_V2, 'X-Api-Key': key, 'Content-Length': body.length }
    let bytes = Buffer.from(head(method, path, headers) + body)
    for (let change = 1 + below(8); change > 0; change--) bytes = mutated(bytes, below)
    return { name: `fuzz ${i}`, parts: () => [bytes] }
  })
}

function mutated(bytes: Buffer, below: (bound: number) => number): Buffer<ArrayBuffer> {
  const [at, length] = [below(bytes.length), 1 + below(16)]
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)]
  const noise = Buffer.from(Array.from({ length }, () => below(256)))
  const ways = [[noise], [], [piece, piece], [noise, piece], Array<Buffer>(64).fill(piece)]
  return Buffer.concat([before, ...(ways[below(ways.length)] ?? []), after])
}

/** Xorshift. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Mixes the kinds, so that all of them are under way at the same time. */
function spread(requests: readonly HostileRequest[]): HostileRequest[] {
  const chance = randomFrom(7)
  return requests
    .map((request) => ({ request, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ request }) => request)
}

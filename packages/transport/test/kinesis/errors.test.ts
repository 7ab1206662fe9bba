import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@millrace/base'
import { freePort, temporaryFolder } from '@millrace/testkit'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openSource } from '../../src/index.ts'

/** A server that gives every request this answer. */
async function answering(status: number, body: string, headers = {}): Promise<string> {
  const server = createServer((_, response) => void response.writeHead(status, headers).end(body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const refusing = (type: string) => () =>
  answering(400, JSON.stringify({ __type: type, message: 'on purpose' }), { 'x-amzn-errortype': type })

const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }

const ROWS = [
  {
    name: 'an endpoint where nobody listens',
    endpoint: async () => `http://127.0.0.1:${await freePort()}`,
    expected: { code: 'SOURCE_UNREACHABLE', message: /ECONNREFUSED/, next: /no server listens there/ },
  },
  {
    name: 'a name that no server has',
    endpoint: async () => 'http://nosuch.invalid',
    expected: { code: 'SOURCE_UNREACHABLE', message: /nosuch\.invalid/, next: /no server has that name/ },
  },
  {
    name: 'a server that is no Kinesis',
    endpoint: () => answering(200, '<html>hello</html>'),
    expected: { code: 'SOURCE_UNSUPPORTED', message: /what answers there is no Kinesis$/, next: /endpoint=/ },
  },
  {
    name: 'a stream that is not there',
    endpoint: refusing('ResourceNotFoundException'),
    expected: { code: 'TOPIC_MISSING', message: /on purpose/, next: /Make the stream, or check its name, the region/ },
  },
  {
    name: 'a key that Amazon does not know',
    endpoint: refusing('UnrecognizedClientException'),
    expected: { code: 'SOURCE_DENIED', message: /on purpose/, next: /which credentials/ },
  },
  {
    name: 'a wrong secret, or clock',
    endpoint: refusing('InvalidSignatureException'),
    expected: { code: 'SOURCE_DENIED', message: /on purpose/, next: /secret.*clock/ },
  },
  {
    name: 'credentials that have expired',
    endpoint: refusing('ExpiredTokenException'),
    expected: { code: 'SOURCE_DENIED', message: /on purpose/, next: /Renew/ },
  },
  {
    name: 'a right that is missing',
    endpoint: refusing('AccessDeniedException'),
    expected: { code: 'SOURCE_DENIED', message: /on purpose/, next: /Allow kinesis:/ },
  },
  {
    name: 'no credentials',
    endpoint: async () => 'http://127.0.0.1:9',
    keys: {},
    expected: { code: 'SOURCE_DENIED', message: /credentials/, next: /environment, ~\/\.aws/ },
  },
]

it.each(ROWS)('$name is $expected.code and says what to do', async ({ endpoint, keys = KEYS, expected }) => {
  const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined }
  const home = { HOME: await temporaryFolder(), AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1' }
  for (const [name, value] of Object.entries({ ...none, ...home, ...keys })) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const source = await openSource(`kinesis://eu-west-1?endpoint=${await endpoint()}`, systemRuntime)
  onTestFinished(() => source.close())
  await expect(source.partitions('stream')).rejects.toMatchObject({
    code: expected.code,
    message: expect.stringMatching(expected.message),
    next: expect.stringMatching(expected.next),
  })
})

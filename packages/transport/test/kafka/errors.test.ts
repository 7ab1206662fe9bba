import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { freePort, temporaryFolder } from '@millrace/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { openSource } from '../../src/index.ts'

/** Subscribes to a topic. Returns the error. */
async function failureAt(address: string): Promise<unknown> {
  try {
    const source = await openSource(address, systemRuntime)
    onTestFinished(() => source.close())
    await source.subscribe(['any'], { assigned: async () => {}, revoked: async () => {} })
    return undefined
  } catch (error) {
    return error
  }
}

async function webServer(): Promise<number> {
  const server = createServer((_, response) => void response.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function noCertificate(): Promise<string> {
  const file = join(await temporaryFolder(), 'ca.pem')
  await writeFile(file, 'a note')
  return file
}

it.each([
  {
    name: 'a port where nobody listens',
    address: async () => `kafka://127.0.0.1:${await freePort()}`,
    expected: { code: 'SOURCE_UNREACHABLE', message: /ECONNREFUSED/, next: /broker is up, and its port/ },
  },
  {
    name: 'a name that no server has',
    address: async () => 'kafka://nosuch.invalid:9092',
    expected: { code: 'SOURCE_UNREACHABLE', message: /nosuch\.invalid/, next: /name/ },
  },
  {
    name: 'a server without TLS',
    address: async () => `kafka://127.0.0.1:${await webServer()}?ssl=true`,
    expected: { code: 'SOURCE_UNREACHABLE', message: /TLS: wrong version number\.$/, next: /take \?ssl=true out/ },
  },
  {
    name: 'a server that is no broker',
    address: async () => `kafka://127.0.0.1:${await webServer()}`,
    expected: { code: 'SOURCE_UNREACHABLE', message: /Connection closed/, next: /port of Kafka/ },
  },
  {
    name: 'a certificate that is not there',
    address: async () => 'kafka://127.0.0.1:9092?ca=nowhere.pem',
    expected: { code: 'CONFIG_INVALID', message: /nowhere\.pem cannot be read/, next: /\?ca=FILE/ },
  },
  {
    name: 'a file that holds no certificate',
    address: async () => `kafka://127.0.0.1:9092?ca=${await noCertificate()}`,
    expected: { code: 'CONFIG_INVALID', message: /holds no certificate/, next: /PEM/ },
  },
])('$name is $expected.code and says what to do', async ({ address, expected: { code, message, next } }) => {
  expect(await failureAt(await address())).toMatchObject({
    code,
    message: expect.stringMatching(message),
    next: expect.stringMatching(next),
  })
})

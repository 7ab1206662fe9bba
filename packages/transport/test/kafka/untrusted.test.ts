import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openCatalog, openSource } from '../../src/index.ts'

const UNTRUSTED = {
  code: 'SOURCE_UNREACHABLE',
  message: expect.stringContaining('certificate'),
  next: expect.stringContaining('?ca='),
}

it.for(['', '&sasl=plain', '&sasl=scram-sha-512'])(
  'a broker that nobody vouches for is told as such, and not as a login that is refused (%s)',
  async (login) => {
    vi.stubEnv('MILLRACE_KAFKA_USERNAME', 'somebody')
    vi.stubEnv('MILLRACE_KAFKA_PASSWORD', 'secret')
    onTestFinished(() => void vi.unstubAllEnvs())
    const address = `kafka://localhost:${await untrusted()}?ssl=true${login}`
    const source = await openSource(address, systemRuntime)
    onTestFinished(() => source.close())
    const listener = { assigned: async () => {}, revoked: async () => {} }
    await expect(source.subscribe(['any'], listener)).rejects.toMatchObject(UNTRUSTED)
    const catalog = await openCatalog(address)
    onTestFinished(() => catalog.close())
    await expect(catalog.describe('any')).rejects.toMatchObject(UNTRUSTED)
  },
)

async function untrusted(): Promise<number> {
  const folder = await temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'pipe' })
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

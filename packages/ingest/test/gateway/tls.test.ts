import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { temporaryFolder } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const BODY = '{"records":[{"value":{"secret":1}}]}'

async function startWithTls() {
  const folder = await temporaryFolder()
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const files = ['-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=localhost']
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...names], { stdio: 'pipe' })
  const cert = readFileSync(certFile, 'utf8')
  const gateway = await startGateway({
    tls: { cert, key: readFileSync(keyFile, 'utf8') },
    limits: { headersWithinMs: 1_000, requestWithinMs: 1_000, lookEveryMs: 50 },
  })
  return { gateway, cert, port: Number(new URL(gateway.url).port) }
}

/** A request by HTTPS; without a certificate to trust, with those that this machine trusts. */
function post(url: string, ca: string | undefined): Promise<{ status: number | undefined; json: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': JSON_V2 }
    const asked = request(`${url}/topics/t`, { method: 'POST', headers, ...(ca && { ca }), agent: false })
    asked.on('error', reject)
    asked.on('response', async (response) =>
      resolve({ status: response.statusCode, json: JSON.parse(await text(response)) }),
    )
    asked.end(BODY)
  })
}

it('takes records by HTTPS from those who trust its certificate', async () => {
  const { gateway, cert } = await startWithTls()
  expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  expect(await post(gateway.url, cert)).toMatchObject({ status: 200, json: { offsets: [{ partition: 0, offset: 0 }] } })
  await expect(post(gateway.url, undefined)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(await storedIn(gateway.to, 't')).toHaveLength(1)
})

it('takes nothing in plain where it speaks HTTPS, and no old TLS', async () => {
  const { gateway, cert, port } = await startWithTls()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`)
  expect(await text(socket).catch(() => '')).not.toMatch(/ 200 /)
  const old = connectTls({ port, host: '127.0.0.1', ca: cert, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })
  await expect(new Promise((resolve, reject) => old.on('error', reject).on('secureConnect', resolve))).rejects.toThrow()
  expect(await post(gateway.url, cert)).toMatchObject({ status: 200 })
  expect(await storedIn(gateway.to, 't')).toHaveLength(1)
})

it('ends a slow request by HTTPS as one in plain', async () => {
  const { cert, port } = await startWithTls()
  const socket = connectTls({ port, host: '127.0.0.1', ca: cert })
  socket.write(
    'POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  expect(await text(socket)).toMatch(/^HTTP\/1.1 408 /)
})

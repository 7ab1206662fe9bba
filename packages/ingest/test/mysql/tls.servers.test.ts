import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { collect } from '../collect.ts'
import { newDatabase } from './database.ts'

const it = withServices('mariadb')

type Address = Parameters<typeof newDatabase>[0]

/** A database with a table that tells how the connection that reads it is encrypted. */
async function openWith(mariadb: Address) {
  const { connection, address } = await newDatabase(mariadb)
  await connection.query(`CREATE SQL SECURITY INVOKER VIEW session AS
    SELECT 1 AS id, VARIABLE_VALUE AS cipher FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'`)
  const read = (from: string) =>
    collect({ from, datasets: ['session'] }).then(
      ({ records }) => records.get('session'),
      (error: unknown) => error,
    )
  return { plain: address.split('?')[0] ?? '', read }
}

it('?ca= and ?ssl=true encrypt the way to the server, which lets nobody in without', async ({ mariadb }) => {
  const { plain, read } = await openWith(mariadb)
  for (const settings of [`ca=${mariadb.ca}`, `ssl=true&ca=${mariadb.ca}`]) {
    expect(await read(`${plain}?${settings}`)).toEqual([expect.stringMatching(/"cipher":"TLS_\w+"/)])
  }
  expect(await read(`${plain}?ssl=false`)).toMatchObject({ code: 'SOURCE_DENIED' })
})

it('trusts only the certificate that was named', async ({ mariadb }) => {
  const { plain, read } = await openWith(mariadb)
  const folder = await temporaryFolder()
  const other = join(folder, 'other.pem')
  const files = ['-keyout', join(folder, 'key.pem'), '-out', other, '-days', '2', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files], { stdio: 'pipe' })
  for (const settings of [`ca=${other}`, 'ssl=true']) {
    const refused = { code: 'SOURCE_UNREACHABLE', next: expect.stringContaining('?ca=') }
    expect(await read(`${plain}?${settings}`)).toMatchObject(refused)
  }
})

it('sends no password where somebody in between says that the server has no TLS', async ({ mariadb }) => {
  const { plain, read } = await openWith(mariadb)
  const between = await withoutTls(mariadb.port)
  const address = plain.replace(`:${mariadb.port}/`, `:${between.port}/`)
  expect(await read(`${address}?ca=${mariadb.ca}`)).toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    next: expect.stringContaining('?ssl=false'),
  })
  expect(between.heard()).toBe(0)
})

const CLIENT_SSL = 0x0800

/** Hands everything on, but takes TLS out of what the server says that it can. */
async function withoutTls(port: number) {
  let heard = 0
  const open: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) open.push(socket.on('error', () => {}))
    client.on('data', (bytes) => {
      heard += bytes.length
      upstream.write(bytes)
    })
    upstream.once('data', (greeting: Buffer) => {
      const version = 5
      const capabilities = greeting.indexOf(0, version) + 1 + 4 + 8 + 1
      greeting.writeUInt16LE(greeting.readUInt16LE(capabilities) & ~CLIENT_SSL, capabilities)
      client.write(greeting)
      upstream.pipe(client)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, heard: () => heard }
}

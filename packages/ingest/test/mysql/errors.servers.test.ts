import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort, withServices } from '@millrace/testkit'
import { expect, onTestFinished, vi } from 'vitest'
import { collect } from '../collect.ts'
import { newDatabase } from './database.ts'

const it = withServices('mariadb')

/** An HTTP server says nothing before it is asked, and refuses what MySQL's client asks. */
async function webServer(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server of MySQL greets first. This one speaks first as well, as a mail server does.
  server.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const ROWS = [
  {
    name: 'a wrong password',
    password: 'wrong',
    expected: { code: 'SOURCE_DENIED', message: /Access denied for user/, next: /MYSQL_PWD/ },
  },
  {
    name: 'a user that is not there',
    change: (address: URL) => {
      address.username = 'nobody'
    },
    expected: { code: 'SOURCE_DENIED', message: /Access denied for user/, next: /user/ },
  },
  {
    name: 'a database that is not there',
    change: (address: URL) => {
      address.pathname = '/millrace_none'
    },
    expected: { code: 'SOURCE_ADDRESS', message: /Unknown database/, next: /Name the database/ },
  },
  {
    name: 'a database of somebody else',
    change: (address: URL) => {
      address.pathname = '/mysql'
    },
    expected: { code: 'SOURCE_DENIED', message: /Access denied/, next: /rights/ },
  },
  {
    name: 'a table that is not there',
    change: (address: URL) => address.searchParams.set('pin', 'nowhere'),
    expected: { code: 'SOURCE_ADDRESS', message: /nowhere/, next: /DATASET=TABLE/ },
  },
  {
    name: 'no TLS where the server wants it',
    change: (address: URL) => {
      address.search = '?ssl=false'
    },
    expected: { code: 'SOURCE_DENIED', message: /secure|insecure|SSL|Access denied/i, next: /ssl|MYSQL_PWD/ },
  },
  {
    name: 'a certificate that nobody vouches for',
    change: (address: URL) => {
      address.search = '?ssl=true'
    },
    expected: { code: 'SOURCE_UNREACHABLE', message: /certificate/, next: /\?ca=FILE/ },
  },
  {
    name: 'a port where nobody listens',
    change: async (address: URL) => {
      address.port = String(await freePort())
    },
    expected: { code: 'SOURCE_UNREACHABLE', message: /ECONNREFUSED/, next: /server is up/ },
  },
  {
    name: 'a name that no server has',
    change: (address: URL) => {
      address.hostname = 'nosuch.invalid'
    },
    expected: { code: 'SOURCE_UNREACHABLE', message: /nosuch\.invalid/, next: /address is right/ },
  },
  {
    name: 'a server that is no MySQL',
    change: async (address: URL) => {
      address.port = String(await webServer())
    },
    expected: { code: 'SOURCE_UNREACHABLE', message: /reading mysql:/, next: /address is right/ },
  },
]

it.for(ROWS)('$name is $expected.code and says what to do', async ({ change, password, expected }, { mariadb }) => {
  const address = new URL((await newDatabase(mariadb)).address)
  await change?.(address)
  if (password !== undefined) vi.stubEnv('MYSQL_PWD', password)
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(collect({ from: address.href, datasets: ['pin'] })).rejects.toMatchObject({
    code: expected.code,
    message: expect.stringMatching(expected.message),
    next: expect.stringMatching(expected.next),
  })
})

import { once } from 'node:events'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { createServer } from 'mysql2'
import { expect, it, onTestFinished } from 'vitest'
import { collect } from '../collect.ts'

/** What a server answers to a login, by MySQL's numbers. */
const REFUSALS = [
  { number: 1045, says: 'Access denied for user', code: 'SOURCE_DENIED', next: 'MYSQL_PWD' },
  { number: 1044, says: 'Access denied to database', code: 'SOURCE_DENIED', next: 'rights' },
  { number: 1049, says: 'Unknown database', code: 'SOURCE_ADDRESS', next: 'database' },
  { number: 3159, says: 'Insecure transport is prohibited', code: 'SOURCE_DENIED', next: '?ssl=true' },
  { number: 1040, says: 'Too many connections', code: 'SOURCE_UNREACHABLE', next: 'server' },
]

it.for(REFUSALS)('a login refused by $number, "$says", is $code, however many connections there were', async (row) => {
  const { number, says, code, next } = row
  const port = await refusing(number, says)
  const failure = await collect({ from: `mysql://root@127.0.0.1:${port}/somewhere?ssl=false` }).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({
    code,
    message: expect.stringContaining(says),
    next: expect.stringContaining(next),
  })
})

async function refusing(code: number, message: string): Promise<number> {
  const server = createServer((connection) => {
    connection.on('error', () => {})
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xffffff,
      authCallback: (_: unknown, answer: (error: null, refusal: object) => void) => answer(null, { code, message }),
    })
  })
  // The library hides its socket, and with it the port.
  const { _server: socket } = server as unknown as { _server: NetServer }
  socket.listen(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return (socket.address() as AddressInfo).port
}

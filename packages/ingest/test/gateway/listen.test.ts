import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { readKey } from '../../src/index.ts'
import { startGateway } from './kit.ts'

async function taken(): Promise<{ host: string; port: number }> {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  return { host: '127.0.0.1', port: (other.address() as AddressInfo).port }
}

it.each([
  { name: 'a port of another program', listen: taken, why: /another program has this port$/ },
  {
    name: 'an address of another machine',
    listen: async () => ({ host: '192.0.2.1', port: 8082 }),
    why: /192\.0\.2\.1:8082: .*not available/,
  },
  {
    name: 'a name that no machine has',
    listen: async () => ({ host: 'nosuch.invalid', port: 8082 }),
    why: /nosuch\.invalid:8082: getaddrinfo/,
  },
])('$name is CONFIG_INVALID, with what to do', async ({ listen, why }) => {
  const keys = [readKey('writer-with-random-key', 'writer')]
  await expect(startGateway({ listen: await listen(), keys, plainHttp: true })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(why),
    next: expect.stringContaining('another address'),
  })
})

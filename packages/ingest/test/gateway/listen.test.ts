import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { startGateway } from './kit.ts'

it('says so when another program has its port', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  await expect(startGateway({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `the gateway cannot listen at 127.0.0.1:${port}: another program has this port`,
    next: expect.stringContaining('another address'),
  })
})

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { clientAddress } from './client-address.ts'
import type { Limits } from './limits.ts'

/** Bounds how many connections are open, of all clients and of one address. */
export function boundConnections(server: Server, { connections, connectionsOfOne, idleWithinMs }: Limits): void {
  const open = new Map<string, number>()
  server.maxConnections = connections
  server.timeout = idleWithinMs
  server.on('connection', (socket: Socket) => {
    const address = clientAddress(socket.remoteAddress ?? '')
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count > connectionsOfOne) socket.destroy()
  })
}

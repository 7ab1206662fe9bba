import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** An address in front of a server, as a virtual address or a proxy is: it can come to mean another server. */
export interface VirtualAddress {
  readonly port: number
  /** How many connections are open. */
  readonly open: number
  /** New connections go to this port of this machine; those that are open end, or only the oldest or the newest of them. */
  moveTo(port: number, ends?: 'all' | 'oldest' | 'newest'): void
}

export async function virtualAddress(port: number): Promise<VirtualAddress> {
  let target = port
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    clients.add(client)
    const end = () => {
      clients.delete(client)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).once('close', end)
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  return {
    port: (server.address() as { readonly port: number }).port,
    get open() {
      return clients.size
    },
    moveTo(other, ends = 'all') {
      target = other
      const open = [...clients]
      for (const client of ends === 'all' ? open : [open.at(ends === 'oldest' ? 0 : -1)]) client?.destroy()
    },
  }
}

import { connect, createServer, type Socket } from 'node:net'

/** Stands before a server; while it is off, every request is answered with 503. */
export interface SwitchableProxy {
  readonly url: string
  turn(state: 'on' | 'off'): void
  close(): void
}

const REFUSAL = 'HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

export async function switchableProxy(target: string): Promise<SwitchableProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let isOn = true
  const keep = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => open.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    if (!isOn) {
      client.once('data', () => client.end(REFUSAL))
      return
    }
    const upstream = connect(Number(port), hostname)
    keep(upstream)
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    turn(state) {
      isOn = state === 'on'
      cut()
    },
    close() {
      cut()
      server.close()
    },
  }
}

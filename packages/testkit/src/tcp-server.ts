import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server that has begun, and how much it has sent. */
export interface TcpServer {
  readonly port: number
  sent(): number
}

/** Starts a server that serves each connection so, until the test ends. */
export async function startTcpServer(serve: (socket: Socket) => void): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((begun) => server.listen(0, '127.0.0.1', begun))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
  }
}

/** Sends `first`, then `again` as fast as it is taken. */
export function endlessly(socket: Socket, first: Buffer, again: Buffer): void {
  socket.write(first)
  const more = () => {
    while (!socket.destroyed && socket.write(again));
  }
  socket.on('drain', more)
  more()
}

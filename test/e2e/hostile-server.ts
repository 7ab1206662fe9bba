import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export const MEGABYTE = 1 << 20

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Starts a server that answers whatever it likes. Returns its host and port. */
export async function httpServer(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.on('error', () => {})
    answer(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Writes the part again and again until somebody hangs up. */
export function endless(response: ServerResponse, part: Buffer | string): void {
  const more = () => {
    while (!response.destroyed && response.write(part));
  }
  response.on('drain', more)
  more()
}

/** Repeats a text as often as it fits into so many bytes. */
export function times(text: string, bytes: number): string {
  return text.repeat(Math.floor(bytes / text.length))
}

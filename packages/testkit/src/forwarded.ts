import { type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface ForwardedAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** The real server's answer to a request that a proxy of a test was sent; with the headers as they are: a signature covers them. */
export function forwarded(upstream: string, incoming: IncomingMessage): Promise<ForwardedAnswer> {
  const { hostname, port } = new URL(upstream)
  return new Promise((resolve, reject) => {
    const { method, url, headers } = incoming
    const outgoing = request({ hostname, port, method, path: url, headers }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) })
    })
    outgoing.on('error', reject)
    incoming.pipe(outgoing)
  })
}

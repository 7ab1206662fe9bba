import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forwarded } from '@millrace/testkit'

/** What goes wrong with one request on its way to the server or back. */
export type Trouble =
  /** The server does it; the connection breaks before the answer. */
  | 'answer lost'
  /** The answer's body ends half-way. */
  | 'cut short'
  /** A byte of the answer's body is another. */
  | 'damaged'
  | Refusal

/** An answer that the server itself would give on a bad day. */
interface Refusal {
  readonly status: number
  readonly code: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface TroubledProxy {
  readonly endpoint: string
  /** What came through, as `PUT /bucket/key?query`, and the answer's status. */
  readonly seen: string[]
  /** The next requests that match get these troubles, in turn. */
  trouble(pattern: RegExp, ...troubles: readonly Trouble[]): void
  /** Patterns that no request has met. */
  unmet(): RegExp[]
  close(): void
}

/** A real server seen through a bad network. */
export async function openProxy(upstream: string): Promise<TroubledProxy> {
  const plans: { pattern: RegExp; troubles: Trouble[]; met: boolean }[] = []
  const seen: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url}`
    const plan = plans.find(({ pattern, troubles }) => troubles.length > 0 && pattern.test(line))
    if (plan) plan.met = true
    const trouble = plan?.troubles.shift()
    if (typeof trouble === 'object') {
      incoming.resume()
      seen.push(`${line} ${trouble.status}`)
      refuse(outgoing, trouble)
      return
    }
    const { status, headers, body } = await forwarded(upstream, incoming)
    seen.push(`${line} ${status}`)
    if (trouble === 'answer lost') {
      outgoing.destroy()
      return
    }
    if (trouble === 'damaged') body.writeUInt8(body.readUInt8() ^ 1)
    outgoing.writeHead(status, headers)
    if (trouble === 'cut short') outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy())
    else outgoing.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    trouble: (pattern, ...troubles) => void plans.push({ pattern, troubles: [...troubles], met: false }),
    unmet: () => plans.filter(({ met }) => !met).map(({ pattern }) => pattern),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function refuse(outgoing: ServerResponse, { status, code, headers }: Refusal): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml', ...headers })
  outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>on purpose</Message></Error>`)
}

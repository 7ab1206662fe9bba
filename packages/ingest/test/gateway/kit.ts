import { join } from 'node:path'
import { systemRuntime, valueAt } from '@millrace/base'
import { PINTEREST, temporaryFolder } from '@millrace/testkit'
import { openSource, type Partition } from '@millrace/transport'
import { onTestFinished } from 'vitest'
import { type Gateway, type GatewayOptions, openGateway } from '../../src/index.ts'

const PIN = { datasets: ['pin'], folders: [PINTEREST.datasets] }

export const JSON_V2 = 'application/vnd.kafka.json.v2+json'

export interface TestGateway extends Gateway {
  readonly to: string
  readonly accessLog: string
  /** A request as a client sends it; the answer with its body as text. */
  ask(method: string, path: string, body?: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export async function startGateway(options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const folder = await temporaryFolder()
  const to = options.to ?? `embedded:${join(folder, 'stream.db')}`
  const accessLog = join(folder, 'access.log')
  const gateway = await openGateway(
    {
      listen: { host: '127.0.0.1', port: 0 },
      keys: [],
      recordPaths: PIN,
      maxBodyBytes: 4 << 20,
      accessLog,
      ...options,
      to,
    },
    systemRuntime,
  )
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= gateway.close()
    return closing
  }
  onTestFinished(close)
  return { ...gateway, to, accessLog, close, ask: (...args) => ask(gateway.url, ...args) }
}

async function ask(
  url: string,
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sent = new Headers(headers)
  if (body !== undefined && !sent.has('content-type')) sent.set('content-type', 'application/json')
  const answer = await fetch(url + path, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    headers: answer.headers,
    text,
    get json() {
      return JSON.parse(text)
    },
  }
}

export interface Stored {
  readonly partition: string
  readonly value: string | null
  readonly key: string | undefined
}

/** All that is in a topic, as a worker would read it. */
export async function storedIn(to: string, topic: string): Promise<Stored[]> {
  const source = await openSource(to, systemRuntime)
  try {
    const assigned = Promise.withResolvers<readonly Partition[]>()
    await source.subscribe([topic], { assigned: async (given) => assigned.resolve(given), revoked: async () => {} })
    const stored: Stored[] = []
    for (const partition of await assigned.promise) {
      const end = await source.end(partition)
      for (let at = await source.resolve(partition, 'earliest'); !end.passedBy(at); ) {
        const block = await source.read(partition, at, { maxBytes: 1 << 20, waitMs: 1_000, keys: true })
        if (!block) break
        for (let i = 0; i < block.count; i++) {
          const value = valueAt(block, i)
          stored.push({
            partition: partition.id,
            value: value && Buffer.from(value).toString(),
            key: block.keys?.[i],
          })
        }
        at = block.to
      }
    }
    return stored
  } finally {
    await source.close()
  }
}

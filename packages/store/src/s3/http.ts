import type { Agent, IncomingMessage } from 'node:http'
import type { Agent as TlsAgent } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { MillraceError } from '@millrace/base'
import { brokenOff } from './errors.ts'

// An import would read all that `node:http` exports, and load undici for it: 16 MB in every process.
const [http, https] = [process.getBuiltinModule('node:http'), process.getBuiltinModule('node:https')]

const CONNECTIONS = 64

export const CONNECT_MS = 5_000

/** Maximum time without a byte in either direction. */
export const SILENCE_MS = 20_000

/** Connection pools, by protocol. */
export interface Agents {
  readonly 'http:': Agent
  readonly 'https:': TlsAgent
}

export type Answer = IncomingMessage

export function openAgents(): Agents {
  const options = { keepAlive: true, maxSockets: CONNECTIONS }
  return { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }
}

export function ask(server: URL, path: string, headers: Record<string, string>, agents: Agents): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const [{ get }, agent] = server.protocol === 'https:' ? [https, agents['https:']] : [http, agents['http:']]
  const request = get({ ...urlToHttpOptions(server), path, headers, agent, timeout: SILENCE_MS }, resolve)
  request.on('error', reject)
  request.on('timeout', () => request.destroy(brokenOff('the server is silent')))
  request.on('socket', (socket) => {
    if (!socket.connecting) return
    socket.setTimeout(CONNECT_MS)
    socket.once('connect', () => socket.setTimeout(SILENCE_MS))
  })
  return promise
}

/** Returns the answer's Content-Length. Node fails the answer when its bytes are more or fewer. */
export function lengthOf({ headers }: Answer): number | undefined {
  const length = Number(headers['content-length'])
  return Number.isSafeInteger(length) ? length : undefined
}

export async function bytesOf(body: Answer): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(lengthOf(body) ?? 0)
  let at = 0
  for await (const part of body as AsyncIterable<Buffer>) at += part.copy(bytes, at)
  return bytes.subarray(0, at)
}

/** Reads the text of a body of unknown length. */
export async function textOf(body: Answer, mostBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length
    // Leaving the loop ends the connection.
    if (bytes > mostBytes)
      throw new MillraceError('STORE_UNSUITABLE', `the server answered with more than ${mostBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

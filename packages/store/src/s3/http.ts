import * as http from 'node:http'
import * as https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { brokenOff } from './errors.ts'

const CONNECTIONS = 64

export const CONNECT_MS = 5_000

/** Without a byte in either direction. */
export const SILENCE_MS = 20_000

/** Connections that are kept, by protocol. */
export interface Agents {
  readonly 'http:': http.Agent
  readonly 'https:': https.Agent
}

export type Answer = http.IncomingMessage

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

export function bytesOf(body: Answer): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const parts: Buffer[] = []
  body.on('data', (part: Buffer) => parts.push(part))
  body.on('end', () => resolve(Buffer.concat(parts)))
  body.on('error', reject)
  return promise
}

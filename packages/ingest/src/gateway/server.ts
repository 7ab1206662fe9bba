import type { Socket } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import type { Runtime } from '@millrace/base'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AccessLog } from './access-log.ts'
import { confluentRoutes } from './confluent/routes.ts'
import type { Desk, GatewayTotals } from './desk.ts'
import { dialectOf } from './dialects.ts'
import { documentRoutes } from './document/routes.ts'
import { type Keys, presentedKey } from './keys.ts'
import { kinesisRoutes } from './kinesis/routes.ts'
import type { Limits } from './limits.ts'
import { refuseOtherMethods } from './other-methods.ts'
import { sendPlain } from './plain-answer.ts'
import type { Pressure } from './pressure.ts'
import { type RecordPaths, recordRoutes } from './record/routes.ts'
import { RefusedRequest, refusalOf, refuse } from './refusal.ts'

export interface ServerParts {
  readonly desk: Desk
  readonly keys: Keys | undefined
  readonly recordPaths: RecordPaths
  readonly log: AccessLog
  readonly pressure: Pressure
  readonly limits: Limits
  readonly totals: GatewayTotals
  readonly runtime: Runtime
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly maxBodyBytes: number
  readonly requestsPerSecond: number | undefined
}

/** Longer than what a topic may be called, so that a name that is too long is told as such. */
const LONGEST_PARAMETER = 300

/** Of a body that does not say its length. */
const UNSAID_BYTES = 1 << 20

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it came with. */
    client: string | undefined
  }
}

export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const app = createServer(parts)
  app.decorateRequest('client', undefined)
  app.decorateRequest('storing', undefined)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', (request, reply, done) => {
    try {
      welcome(parts, request, reply)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
  app.setErrorHandler((error, request, reply) => answerRefusal(parts, error, request, reply))
  app.setNotFoundHandler((request, reply) => answerRefusal(parts, refuse(404, 'HTTP 404 Not Found'), request, reply))
  letGoAtTheEnd(app)
  await limitRate(app, parts.requestsPerSecond)
  const methods = refuseOtherMethods(app)
  confluentRoutes(app, parts.desk)
  kinesisRoutes(app, parts.desk)
  recordRoutes(app, parts.recordPaths, parts.desk)
  documentRoutes(app, parts.recordPaths)
  methods.complete()
  return app
}

function createServer({ runtime, recordPaths, tls, limits, maxBodyBytes }: ServerParts): FastifyInstance {
  const timeouts = {
    headersTimeout: limits.headersWithinMs,
    requestTimeout: limits.requestWithinMs,
    connectionsCheckingInterval: limits.lookEveryMs,
  }
  return fastify({
    ...(tls ? { https: { ...tls, ...timeouts } } : { http: timeouts }),
    bodyLimit: maxBodyBytes,
    requestTimeout: limits.requestWithinMs,
    genReqId: ({ headers }) => requestId(headers['x-request-id']) ?? runtime.uuid(),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_PARAMETER },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      const { status, ...refusal } = answerTo(error, request.url, recordPaths)
      const plain = reply as unknown as FastifyReply
      sendPlain(plain.code(status), refusal.type, refusal.body)
    },
  }) as unknown as FastifyInstance
}

function requestId(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined
}

/** Before the body is read: who it is, and whether there is room. */
function welcome(
  { keys, pressure, log, totals, runtime }: ServerParts,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  totals.requests++
  reply.header('x-request-id', request.id)
  const began = runtime.monotonic()
  let release = () => {}
  reply.raw.once('close', () => {
    if (request.storing) request.storing.then(release, release)
    else release()
    log.answered(request, reply, runtime.monotonic() - began)
  })
  if (keys && !isPublic(request)) {
    const key = presentedKey(request.headers)
    request.client = key === undefined ? undefined : keys.ownerOf(key)
    if (request.client === undefined) throw stranger(key)
  }
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  release = pressure.take(length === undefined ? (chunked ? UNSAID_BYTES : 0) : Number(length))
}

function isPublic({ routeOptions }: FastifyRequest): boolean {
  return (routeOptions.config as { readonly isPublic?: boolean }).isPublic === true
}

function stranger(key: string | undefined): RefusedRequest {
  return key === undefined ? refuse(401, 'a key is needed', 40101) : refuse(403, 'this key is not known', 40301)
}

function answerRefusal(parts: ServerParts, thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
  const { log, totals, recordPaths } = parts
  const { status, retryAfter, type, body } = answerTo(thrown, request.url, recordPaths)
  if (status >= 500) log.failed(request, thrown)
  totals.refused++
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer, Basic')
  return sendPlain(reply.code(status), type, body)
}

function answerTo(thrown: unknown, url: string, recordPaths: RecordPaths) {
  const refusal = refusalOf(thrown)
  const { type, refused } = dialectOf(url, recordPaths)
  return {
    status: refusal.status,
    retryAfter: refusal.retryAfter,
    type,
    body: JSON.stringify(refused(refusal)),
  }
}

/** A connection that stays open after its answer would hold up the end. */
function letGoAtTheEnd(app: FastifyInstance): void {
  let ending = false
  app.addHook('preClose', (done) => {
    ending = true
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (ending) reply.header('connection', 'close')
    done()
  })
}

async function limitRate(app: FastifyInstance, max: number | undefined): Promise<void> {
  if (max === undefined) return
  await app.register(rateLimit, {
    max,
    timeWindow: 1000,
    keyGenerator: ({ client, ip }) => client ?? ip,
    errorResponseBuilder: (_request, { ttl }) =>
      new RefusedRequest({
        status: 429,
        code: 42902,
        message: `more than ${max} requests a second`,
        retryAfter: Math.max(1, Math.ceil(ttl / 1000)),
      }),
  })
}

/** What is no HTTP, or came too slowly: there is no request yet that could be answered. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const status = BROKEN[error.code ?? ''] ?? '400 Bad Request'
  const body = JSON.stringify({ error_code: Number(status.slice(0, 3)), message: `HTTP ${status}` })
  if (!socket.writable) return void socket.destroy()
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const BROKEN: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
}

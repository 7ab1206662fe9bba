import type { Socket } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { openBodyReader } from './body-reader.ts'
import { confluentRoutes } from './confluent/routes.ts'
import { boundConnections } from './connections.ts'
import { dialectOf } from './dialects.ts'
import { documentRoutes } from './document/routes.ts'
import { openDoor } from './door.ts'
import { kinesisRoutes } from './kinesis/routes.ts'
import { LARGE_ANSWER_BYTES } from './limits.ts'
import { refuseOtherMethods } from './other-methods.ts'
import { sendPlain } from './plain-answer.ts'
import { type RecordPaths, recordRoutes } from './record/routes.ts'
import { RefusedRequest, refusalOf } from './refusal.ts'
import type { ServerParts } from './server-parts.ts'
import { notFound, withoutStage } from './stage.ts'

/** Longer than any valid topic name, so that a name that is too long gets an answer of its own. */
const LONGEST_PARAMETER = 300

export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const app = createServer(parts)
  boundConnections(app.server, parts.limits)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', openBodyReader(parts))
  openDoor(app, parts)
  countLargeAnswers(app)
  app.setErrorHandler((error, request, reply) => answerRefusal(parts, error, request, reply))
  app.setNotFoundHandler((request, reply) => answerRefusal(parts, notFound(request.originalUrl), request, reply))
  letGoAtTheEnd(app)
  await limitRate(app, parts.requestsPerSecond)
  const methods = refuseOtherMethods(app)
  confluentRoutes(app, parts.service)
  kinesisRoutes(app, parts.service)
  recordRoutes(app, parts.recordPaths, parts.service)
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
    rewriteUrl: ({ url = '/' }) => withoutStage(url),
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

/** A client that asks and does not read the answer makes us hold it in memory. */
function countLargeAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, _reply, payload, done) => {
    const bytes = typeof payload === 'string' ? payload.length : 0
    if (bytes <= LARGE_ANSWER_BYTES) return done()
    try {
      request.room.take(bytes)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
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

/** Answers what is no HTTP, or came too slowly: there is no request yet. */
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

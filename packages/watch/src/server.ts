import { Readable } from 'node:stream'
import { MillraceError, type Runtime, webGuard } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { condensed } from './condense.ts'
import { readGroup, type WorkerBrief } from './group.ts'
import { type Health, liveness, readiness } from './health.ts'
import type { Metrics } from './metrics.ts'
import { readPageFiles } from './page-files.ts'
import { openSeats } from './seats.ts'
import { type Access, askForToken, PUBLIC, refuseOpenDashboard } from './token.ts'
import type { WorkerWatch } from './worker-watch.ts'

/** Address to listen on. `usual` tries the default port and then the next free one. */
export type Listen = { readonly host: string; readonly port: number } | 'usual'

export interface ServerParts {
  readonly watch: WorkerWatch
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly questionFolders: readonly string[]
  /** Returns the name of a data set's table. */
  readonly tableOf: (dataset: string) => string
  readonly runtime: Runtime
  readonly access?: Access
}

export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

const USUAL = { host: '127.0.0.1', port: 4680 }
const PORTS_TRIED = 20
const EVENT_EVERY_MS = 1_000
/** The group's status is read from the lake at most this often. */
const GROUP_EVERY_MS = 10_000
/** Maximum number of pages that follow the state at the same time. */
const MOST_LISTENERS = 64
const MOST_CONNECTIONS = 512
const HEADERS_WITHIN_MS = 10_000

export async function startServer(parts: ServerParts, listen: Listen): Promise<RunningServer> {
  refuseOpenDashboard(listen === 'usual' ? USUAL : listen, parts.access)
  const stop = new AbortController()
  const app = buildApp(parts, stop.signal, listen === 'usual' ? USUAL.host : listen.host)
  const url = await (listen === 'usual' ? listenOnNextFree(app) : app.listen(listen)).catch((cause: Error) => {
    throw new MillraceError('CONFIG_INVALID', `the dashboard cannot listen: ${cause.message}`, {
      cause,
      next: 'Choose another address for the dashboard, or none.',
    })
  })
  return {
    url,
    async close() {
      stop.abort()
      await app.close()
    },
  }
}

async function listenOnNextFree(app: FastifyInstance): Promise<string> {
  for (let port = USUAL.port; port < USUAL.port + PORTS_TRIED; port++) {
    try {
      return await app.listen({ ...USUAL, port })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
  return app.listen({ ...USUAL, port: 0 })
}

function buildApp(parts: ServerParts, stopped: AbortSignal, host: string): FastifyInstance {
  const { watch, metrics, runtime } = parts
  const app = Fastify({
    forceCloseConnections: true,
    bodyLimit: 1,
    http: { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: HEADERS_WITHIN_MS },
  })
  app.server.maxConnections = MOST_CONNECTIONS
  const group = cachedGroup(parts)
  const guard = webGuard({ host, names: parts.access?.hostNames ?? [] })
  const seats = openSeats(MOST_LISTENERS)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    const refusal = guard(request.raw)
    if (refusal) return reply.code(refusal.status).send({ error: refusal.message })
  })
  askForToken(app, parts.access?.token)
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/healthz', PUBLIC, (request, reply) => answerHealth(liveness(watch.state()), request, reply))
  app.get('/readyz', PUBLIC, (request, reply) => answerHealth(readiness(watch.state()), request, reply))
  app.get('/state', () => watch.state())
  app.get('/history', () => watch.history())
  app.get('/group', () => group())
  app.get<{ Querystring: { search?: string } }>('/events', ({ query: { search = '' } }, reply) => {
    if (!seats.take(reply.raw))
      return reply.code(503).header('retry-after', '5').send({ error: 'too many pages are open' })
    return reply.type('text/event-stream').send(Readable.from(events(watch, String(search), runtime, stopped)))
  })
  serveAnswers(app, parts)
  servePage(app)
  return app
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

/** Answers a health probe. Requests without the token see only the phase. */
function answerHealth(health: Health, { isKnown }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { ok, phase } = health
  return reply.code(ok ? 200 : 503).send(isKnown ? health : { ok, phase })
}

/** Loads the module that queries the tables at the first request. */
function serveAnswers(app: FastifyInstance, { store, questionFolders, tableOf, runtime }: ServerParts): void {
  const open = async () =>
    (await import('./answers.ts')).createLiveAnswers({ store, questionFolders, runtime, tableOf })
  let answers: ReturnType<typeof open> | undefined
  app.get('/answers', async () => {
    answers ??= open()
    return (await answers)()
  })
}

function servePage(app: FastifyInstance): void {
  let read: ReturnType<typeof readPageFiles> | undefined
  const page = () => {
    read ??= readPageFiles()
    return read
  }
  app.get('/', async (_, reply) => {
    const { html, policy } = await page()
    return reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(html)
  })
  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const file = (await page()).files.get(request.params['*'])
    return file ? reply.type(file.type).send(file.body) : reply.callNotFound()
  })
}

/** Emits the state every second, so that a client that misses an event loses nothing; of many data sets the worst. */
async function* events(
  watch: WorkerWatch,
  search: string,
  runtime: Runtime,
  stopped: AbortSignal,
): AsyncGenerator<string> {
  while (!stopped.aborted) {
    yield `event: state\ndata: ${JSON.stringify(condensed(watch.state(), search))}\n\n`
    await runtime.sleep(EVENT_EVERY_MS, stopped).catch(() => {})
  }
}

function cachedGroup({ store, watch, runtime }: ServerParts): () => Promise<WorkerBrief[]> {
  let [dueAt, answer] = [Number.NEGATIVE_INFINITY, Promise.resolve<WorkerBrief[]>([])]
  return () => {
    if (runtime.monotonic() >= dueAt) {
      dueAt = runtime.monotonic() + GROUP_EVERY_MS
      answer = answer.then((before) => readGroup(store, condensed(watch.state()), runtime, before))
    }
    return answer
  }
}

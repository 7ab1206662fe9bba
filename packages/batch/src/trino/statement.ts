import { setTimeout as sleep } from 'node:timers/promises'
import { boundedText, MillraceError, parseWithLongText, redact, refuseBomb } from '@millrace/base'

/** Page of a statement's result, see https://trino.io/docs/current/develop/client-protocol.html. */
export interface Page {
  readonly id: string
  readonly nextUri?: string
  readonly columns?: readonly ClusterColumn[]
  readonly data?: readonly (readonly unknown[])[]
  readonly stats?: {
    readonly state: string
    readonly nodes: number
    readonly processedRows: number
    readonly progressPercentage?: number
  }
  readonly error?: { readonly message: string; readonly errorName: string; readonly errorType: string }
}

export interface ClusterColumn {
  readonly name: string
  readonly type: string
}

export interface Login {
  readonly server: string
  readonly user: string
  readonly catalog: string
  readonly password: string | undefined
}

/**
 * Yields the pages of one statement, including those without rows, because the cluster works on it only while its pages
 * are requested. Stopping before the last page cancels the statement.
 */
export async function* pagesOf(login: Login, sql: string, schema: string | undefined): AsyncGenerator<Page> {
  const headers = headersOf(login, schema)
  let { page, length } = await request(login, `${login.server}/v1/statement`, { method: 'POST', body: sql, headers })
  let [bytes, rows] = [0, 0]
  try {
    for (;;) {
      if (page.data && page.data.length > 0) bytes += length
      rows += page.data?.length ?? 0
      if (bytes > LARGEST_ANSWER || rows > MOST_ROWS) throw tooLarge(login.server)
      yield page
      if (page.nextUri === undefined) return
      ;({ page, length } = await request(login, page.nextUri, { headers }))
    }
  } finally {
    if (page.nextUri !== undefined) await fetch(page.nextUri, { method: 'DELETE', headers }).catch(() => {})
  }
}

function headersOf({ user, password, catalog }: Login, schema: string | undefined): Record<string, string> {
  const secret = Buffer.from(`${user}:${password}`).toString('base64')
  return {
    'x-trino-user': user,
    'x-trino-source': 'millrace',
    'x-trino-time-zone': 'UTC',
    'x-trino-catalog': catalog,
    ...(schema === undefined ? {} : { 'x-trino-schema': schema }),
    ...(password === undefined ? {} : { authorization: `Basic ${secret}` }),
  }
}

/** HTTP statuses that the protocol says to retry. */
const AGAIN = [429, 502, 503, 504]
const TRIES = 6
const PAUSE_MS = 100

/** Bounds of an answer. Trino's pages have a few megabytes and take a second at most. */
const LARGEST_PAGE = 64 << 20
/** Maximum size of all pages with rows, and number of the rows: they are held together. */
const [LARGEST_ANSWER, MOST_ROWS] = [64 << 20, 1_000_000]
const ANSWER_WITHIN_MS = 300_000

async function request(
  { server }: Login,
  url: string,
  init: RequestInit,
): Promise<{ readonly page: Page; readonly length: number }> {
  for (let tries = 1; ; tries++) {
    const once: RequestInit = { ...init, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }
    const { response, said } = await answerTo(url, once).catch((cause: unknown) => {
      if (cause instanceof MillraceError) throw cause
      throw unreachable(server, cause instanceof Error ? cause.message : String(cause), cause)
    })
    const location = response.headers.get('Location')
    if (location !== null && !response.ok) throw redirected(server, location)
    if (response.ok) return { page: pageIn(said, server), length: said.length }
    if (!AGAIN.includes(response.status)) throw refused(server, response.status, said)
    if (tries === TRIES) throw unreachable(server, `${response.status} ${said.slice(0, 200)}`)
    await sleep(PAUSE_MS * 2 ** tries)
  }
}

async function answerTo(url: string, init: RequestInit): Promise<{ response: Response; said: string }> {
  const response = await fetch(url, init)
  return { response, said: await boundedText(response, LARGEST_PAGE) }
}

/** Parses a page. Throws if its next page is on another server, so that user and password go nowhere else. */
function pageIn(text: string, server: string): Page {
  const page = parsed(text)
  if (!isPage(page)) throw new MillraceError('QUERY_FAILED', `${server} does not answer as a Trino cluster does`)
  if (page.nextUri !== undefined && URL.parse(page.nextUri)?.origin !== server) throw redirected(server, page.nextUri)
  return page
}

function parsed(text: string): unknown {
  try {
    refuseBomb(text)
    return parseWithLongText(text)
  } catch {
    return undefined
  }
}

function isPage(value: unknown): value is Page {
  if (!isObject(value)) return false
  const { nextUri, columns = [], data = [], stats = {}, error = {} } = value
  if (nextUri !== undefined && typeof nextUri !== 'string') return false
  if (!Array.isArray(columns) || !columns.every((one) => isObject(one) && isText(one.name) && isText(one.type))) {
    return false
  }
  return Array.isArray(data) && data.every(Array.isArray) && isObject(stats) && isObject(error)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function redirected(server: string, to: string): MillraceError {
  const said = `the Trino cluster at ${server} redirects to ${redact(to.slice(0, 300))}`
  return new MillraceError('SOURCE_UNSUPPORTED', said, {
    next: 'Name the cluster by the address that it gives itself; behind a proxy, set http-server.process-forwarded.',
  })
}

function tooLarge(server: string): MillraceError {
  return new MillraceError(
    'QUERY_FAILED',
    `${server} answers with more than ${LARGEST_ANSWER} bytes or ${MOST_ROWS} rows`,
    {
      next: 'Ask for fewer rows, or do the work with DuckDB.',
    },
  )
}

function unreachable(server: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('SOURCE_UNREACHABLE', `the Trino cluster at ${server}: ${why}`, { cause })
}

function refused(server: string, status: number, said: string): MillraceError {
  const what = `the Trino cluster at ${server} answers ${status}: ${said.slice(0, 200)}`
  if (status !== 401 && status !== 403) return new MillraceError('QUERY_FAILED', what)
  return new MillraceError('SOURCE_DENIED', what, {
    next: 'Check the user in the address of the cluster, and TRINO_PASSWORD; a password wants https.',
  })
}

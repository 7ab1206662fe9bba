import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError, parseWithLongText } from '@millrace/base'

/** A page of what a statement gives, as https://trino.io/docs/current/develop/client-protocol.html has it. */
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
 * The pages of one statement, also those without rows: it goes on only while its pages are asked for. Whoever stops
 * before the last one cancels it.
 */
export async function* pagesOf(login: Login, sql: string, schema: string | undefined): AsyncGenerator<Page> {
  const headers = headersOf(login, schema)
  let page = await request(login, `${login.server}/v1/statement`, { method: 'POST', body: sql, headers })
  try {
    for (;;) {
      yield page
      if (page.nextUri === undefined) return
      page = await request(login, page.nextUri, { headers })
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

/** With these the protocol asks for another try. */
const AGAIN = [429, 502, 503, 504]
const TRIES = 6
const PAUSE_MS = 100

async function request({ server }: Login, url: string, init: RequestInit): Promise<Page> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(url, init).catch((cause: unknown) => {
      throw unreachable(server, cause instanceof Error ? cause.message : String(cause), cause)
    })
    if (response.ok) return parseWithLongText(await response.text()) as Page
    const said = await response.text()
    if (!AGAIN.includes(response.status)) throw refused(server, response.status, said)
    if (tries === TRIES) throw unreachable(server, `${response.status} ${said}`)
    await sleep(PAUSE_MS * 2 ** tries)
  }
}

function unreachable(server: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('SOURCE_UNREACHABLE', `the Trino cluster at ${server}: ${why}`, { cause })
}

function refused(server: string, status: number, said: string): MillraceError {
  const what = `the Trino cluster at ${server} answers ${status}: ${said.slice(0, 200)}`
  if (status !== 401 && status !== 403) return new MillraceError('QUERY_FAILED', what)
  return new MillraceError('SOURCE_DENIED', what, {
    next: 'Check the user in --trino and TRINO_PASSWORD; a password wants https.',
  })
}

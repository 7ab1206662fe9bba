import { boundedText, MillraceError, type Runtime, redact } from '@millrace/base'

export interface HttpRequest {
  readonly method: 'POST' | 'PUT'
  readonly url: string
  readonly contentType: string
  readonly accept: string
  readonly body: string
}

/**
 * Sends a request and retries temporary failures. Returns the answer's JSON, or undefined if it is not JSON. The signal
 * ends pauses and retries at once, but a first try runs to its answer, so that it is known what was stored.
 */
export type HttpClient = (request: HttpRequest) => Promise<unknown>

/** Number of tries after temporary failures. */
export const TRIES = 8
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS, ANSWER_WITHIN_MS] = [100, 10_000, 30_000]
const TRY_AGAIN = new Set([408, 429, 500, 502, 503, 504])
/** Maximum size of an answer. It has an offset for each of a few hundred records. */
const LARGEST_ANSWER = 4 << 20

/**
 * Returns a client that retries a request under the same Idempotency-Key if its answer was lost. Millrace's gateway
 * stores such a request once; another server may store both.
 */
export function httpClient(runtime: Runtime, stop: AbortSignal): HttpClient {
  const apiKey = process.env.MILLRACE_GATEWAY_KEY
  return async ({ method, url, contentType, accept, body }) => {
    const headers = {
      'Content-Type': contentType,
      Accept: accept,
      'Idempotency-Key': runtime.uuid(),
      ...(apiKey !== undefined && { 'X-Api-Key': apiKey }),
    }
    for (let tries = 1; ; tries++) {
      const late = AbortSignal.timeout(ANSWER_WITHIN_MS)
      const signal = tries === 1 ? late : AbortSignal.any([late, stop])
      const outcome = await attempt(url, { method, headers, body, signal })
      if (outcome.ok) return outcome.answer
      if (!outcome.again || tries === TRIES) throw outcome.error
      await pause(tries, runtime, stop, outcome.waitMs)
    }
  }
}

/** Sleeps with exponential backoff and jitter. */
export async function pause(tries: number, runtime: Runtime, stop: AbortSignal, leastMs = 0): Promise<void> {
  const milliseconds = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + runtime.random() / 2)
  await runtime.sleep(Math.max(milliseconds, leastMs), stop)
}

type Outcome =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly again: boolean; readonly waitMs: number; readonly error: MillraceError }

async function attempt(url: string, request: RequestInit): Promise<Outcome> {
  try {
    // Redirects are not followed, so that the key and the records reach only the configured server.
    const response = await fetch(url, { ...request, redirect: 'manual' })
    const text = await boundedText(response, LARGEST_ANSWER)
    if (response.ok) return { ok: true, answer: parsed(text) }
    const location = response.headers.get('Location')
    if (location !== null) return { ok: false, again: false, waitMs: 0, error: redirected(url, location) }
    const waitMs = Math.min(LONGEST_PAUSE_MS, 1000 * (Number(response.headers.get('Retry-After')) || 0))
    return { ok: false, again: TRY_AGAIN.has(response.status), waitMs, error: refused(url, response.status, text) }
  } catch (cause) {
    if (cause instanceof MillraceError) return { ok: false, again: false, waitMs: 0, error: cause }
    const why = cause instanceof Error ? messageOf(cause) : String(cause)
    const next = adviceOn(cause)
    const error = new MillraceError('SOURCE_UNREACHABLE', `${url} does not answer: ${why}`, { cause, ...next })
    return { ok: false, again: true, waitMs: 0, error }
  }
}

/** Returns the message of the cause, because the message of fetch is only "fetch failed". */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}

/** What can be done about a connection that fails, by the codes of Node and OpenSSL. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'Check the name of the host.'],
  [/CERT|UNABLE_TO_VERIFY/, 'Name the certificate to trust by NODE_EXTRA_CA_CERTS.'],
  [/^(ERR_SSL_|EPROTO)/, 'The server speaks no TLS at this port: begin the address with http:.'],
  [/^(HPE_|UND_ERR_SOCKET)/, 'Check that HTTP is spoken at this port; if it is TLS, begin the address with https:.'],
]

function adviceOn(thrown: unknown): { next: string } | undefined {
  const { cause } = thrown as { cause?: NodeJS.ErrnoException }
  const next = ADVICE.find(([codes]) => codes.test(cause?.code ?? ''))?.[1]
  return next === undefined ? undefined : { next }
}

function redirected(url: string, location: string): MillraceError {
  const said = `${url} redirects to ${redact(location.slice(0, 300))}`
  return new MillraceError('SOURCE_UNSUPPORTED', said, {
    next: 'Redirects are not followed. If that is the right address, name it as the target.',
  })
}

function refused(url: string, status: number, text: string): MillraceError {
  const said = `${url} answered ${status}: ${text.slice(0, 300)}`
  if (status === 401 || status === 403) {
    return new MillraceError('SOURCE_DENIED', said, { next: 'Put the key into MILLRACE_GATEWAY_KEY.' })
  }
  if (status === 404) return new MillraceError('TOPIC_MISSING', said)
  return new MillraceError(status >= 500 || status === 429 ? 'SOURCE_UNREACHABLE' : 'RECORD_INVALID', said)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Joins a base URL, with or without a final slash, and path segments. */
export function joinUrl(base: string, ...path: readonly string[]): string {
  if (!/^https?:\/\/[^/]/.test(base)) {
    throw new MillraceError('USAGE', `${base} is not an HTTP address`, { next: 'Write rest:http://host:8082' })
  }
  return [base.replace(/\/+$/, ''), ...path.map(encodeURIComponent)].join('/')
}

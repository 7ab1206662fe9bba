import type { IncomingHttpHeaders } from 'node:http'
import { deadlineAfter, MillraceError, systemRuntime } from '@millrace/base'
import type { HttpRegistry } from './address.ts'

const ANSWER_WITHIN_MS = 10_000
/** A schema of more is a mistake. */
const LARGEST_ANSWER = 4 << 20

/**
 * Asks the registry for what is at a path. Returns undefined where it is not there: by its own word, or where it does not
 * know such paths and has what is at another one.
 */
export async function getJson(address: HttpRegistry, path: string, known?: string): Promise<unknown> {
  const answer = await getText(address, path, known)
  return answer && parsed(answer.text, address.url)
}

export async function getText(address: HttpRegistry, path: string, known?: string): Promise<Answer | undefined> {
  const { url, ca, authorization } = address
  const login = authorization()
  const headers = {
    Accept: 'application/vnd.schemaregistry.v1+json, application/json, */*;q=0.5',
    ...(login !== undefined && { Authorization: login }),
  }
  const answer = await send(url, path, { headers, ...(ca && { ca }) })
  const { status } = answer
  if (status === 200) return answer
  if (status === 404 && isAboutSchemas(answer.text)) return undefined
  if (status === 401 || status === 403) {
    throw new MillraceError('SOURCE_DENIED', `the schema registry ${url} refuses us (${status})`, {
      next: 'Check MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD, or MILLRACE_REGISTRY_TOKEN, and what they may read.',
    })
  }
  if (status === 404 && known !== undefined && (await getText(address, known))) return undefined
  if (status === 404) throw unreachable(url, `has no schemas at this address: ${path} is not there`, undefined, NO_API)
  throw unreachable(url, `answers ${path} with HTTP ${status}`)
}

const NO_API =
  "Name the registry's API: Confluent's is mostly at the address itself, that of Apicurio at /apis/ccompat/v7 or /apis/registry/v3."

/** A registry says what it does not have; a server that is none, or a path that is wrong, says less. */
function isAboutSchemas(text: string): boolean {
  try {
    const { error_code: code, name } = JSON.parse(text) as { readonly error_code?: unknown; readonly name?: unknown }
    return /^404\d\d$/.test(String(code)) || /.NotFoundException$/.test(String(name))
  } catch {
    return false
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly ca?: Buffer
}

/** Fails where no answer comes in time. */
export async function send(url: string, path: string, sent: Sent): Promise<Answer> {
  using late = deadlineAfter(ANSWER_WITHIN_MS, systemRuntime)
  return await answerTo(`${url}${path}`, sent, late.signal).catch((cause: Error) => {
    const isUntrusted = /CERT|VERIFY/.test(String((cause as NodeJS.ErrnoException).code))
    throw unreachable(url, `does not answer: ${cause.message}`, cause, isUntrusted ? UNTRUSTED : CHECK_IT)
  })
}

/** Redirects are not followed: the login reaches the configured server alone. */
function answerTo(url: string, { method = 'GET', headers, body, ca }: Sent, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal, ...(ca && { ca }) }
    // An import would read all that the module exports, and load undici for it: 16 MB in every process.
    const http = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http')
    const request = http.request(url, options, (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        size += part.length
        if (size > LARGEST_ANSWER) request.destroy(new Error(`the answer has more than ${LARGEST_ANSWER} bytes`))
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers: answered } = response
        resolve({ status: statusCode, headers: answered, text: Buffer.concat(parts).toString() })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreachable(url, 'answers with what is no JSON', cause as Error)
  }
}

export function unreachable(url: string, what: string, cause?: Error, next = CHECK_IT): MillraceError {
  return new MillraceError('SOURCE_UNREACHABLE', `the schema registry ${url} ${what}`, {
    next,
    ...(cause && { cause }),
  })
}

const UNTRUSTED = "Name the certificate to trust, in a file, at the end of the registry's address: ?ca=FILE."
const CHECK_IT = 'Check that the schema registry is up and that its address is right.'

import { deadlineAfter, MillraceError, systemRuntime } from '@millrace/base'
import type { RegistryAddress } from './address.ts'

const ANSWER_WITHIN_MS = 10_000
/** A schema of more is a mistake. */
const LARGEST_ANSWER = 4 << 20

/** Asks the registry for what is at a path. Returns undefined where it is not there. */
export async function getJson({ url, ca, authorization }: RegistryAddress, path: string): Promise<unknown> {
  const login = authorization()
  const headers = {
    Accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(login !== undefined && { Authorization: login }),
  }
  using late = deadlineAfter(ANSWER_WITHIN_MS, systemRuntime)
  const { status, text } = await get(`${url}${path}`, headers, ca, late.signal).catch((cause: Error) => {
    throw unreachable(url, `does not answer: ${cause.message}`, cause)
  })
  if (status === 200) return parsed(text, url)
  if (status === 404) return undefined
  if (status === 401 || status === 403) {
    throw new MillraceError('SOURCE_DENIED', `the schema registry ${url} refuses us (${status})`, {
      next: 'Check MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD, or MILLRACE_REGISTRY_TOKEN, and what they may read.',
    })
  }
  throw unreachable(url, `answers ${path} with status ${status}`)
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Redirects are not followed: the login reaches the configured server alone. */
function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  ca: Buffer | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { headers, signal, ...(ca && { ca }) }
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
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    request.on('error', reject)
    request.end()
  })
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreachable(url, 'answers with what is no JSON', cause as Error)
  }
}

function unreachable(url: string, what: string, cause?: Error): MillraceError {
  return new MillraceError('SOURCE_UNREACHABLE', `the schema registry ${url} ${what}`, {
    next: 'Check that the schema registry is up and that its address is right.',
    ...(cause && { cause }),
  })
}

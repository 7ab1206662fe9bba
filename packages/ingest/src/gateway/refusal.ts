import { type ErrorCode, MillraceError, redact } from '@millrace/base'
import { NotJson } from './json-text.ts'

/** Why a request is not served: what each dialect says in its own words. */
export interface Refusal {
  readonly status: number
  /** A number that says more than the status does: 40401, 40801. */
  readonly code: number
  readonly message: string
  /** The field that is wrong, from the body down. */
  readonly path?: readonly (string | number)[]
  /** Seconds after which it may work. */
  readonly retryAfter?: number
}

export class RefusedRequest extends Error implements Refusal {
  readonly status: number
  readonly code: number
  readonly path?: readonly (string | number)[]
  readonly retryAfter?: number

  constructor({ status, code, message, path, retryAfter }: Omit<Refusal, 'code'> & { readonly code?: number }) {
    super(message)
    this.status = status
    this.code = code ?? status
    if (path !== undefined) this.path = path
    if (retryAfter !== undefined) this.retryAfter = retryAfter
  }
}

export function refuse(status: number, message: string, code = status): RefusedRequest {
  return new RefusedRequest({ status, code, message })
}

/** Seconds to wait for what passes by itself. */
const SOON = 1

const OF_MILLRACE: Readonly<Partial<Record<ErrorCode, { readonly status: number; readonly code: number }>>> = {
  TOPIC_MISSING: { status: 404, code: 40401 },
  RECORD_INVALID: { status: 422, code: 422 },
  USAGE: { status: 422, code: 422 },
  SOURCE_DENIED: { status: 403, code: 40301 },
  SOURCE_UNREACHABLE: { status: 503, code: 50302 },
}

/** Whatever was thrown, as what the client may know of it. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof RefusedRequest) return thrown
  if (thrown instanceof NotJson) return refuse(400, `the body is not JSON: ${thrown.message}`)
  if (thrown instanceof MillraceError) {
    const known = OF_MILLRACE[thrown.code]
    const { status, code } = known ?? { status: 500, code: 50002 }
    const message = known ? redact(thrown.message) : 'the gateway failed; its log says why'
    return new RefusedRequest({ status, code, message, ...(thrown.retry && { retryAfter: SOON }) })
  }
  return ofServer(thrown)
}

/** What the HTTP server itself finds wrong. */
function ofServer(thrown: unknown): Refusal {
  const { statusCode = 500, message = '' } = (thrown ?? {}) as { statusCode?: number; message?: string }
  if (statusCode >= 400 && statusCode < 500) return refuse(statusCode, message)
  return refuse(500, 'the gateway failed; its log says why')
}

import { type ErrorCode, MillraceError } from '@millrace/base'

/** Codes of the protocol that a later call can get past: too much to do, too few nodes, too slow. */
const PASSING = new Set([0x0000, 0x1000, 0x1001, 0x1002, 0x1003, 0x1100, 0x1200, 0x1300, 0x1500, 0x1700])
const INVALID = 0x2200
const DENIED = new Set([0x0100, 0x2100])
const UNTRUSTED = /CERT|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE|ALTNAME|self-signed|certificate/

type DriverError = Error & {
  readonly code?: number | string
  readonly innerErrors?: Readonly<Record<string, Error>>
  readonly innerError?: Error
}

/** Returns an error of a node, or of the way to it, as one of ours. */
export function fromCassandra(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const causes = causesOf(error as DriverError)
  const ours = causes.find((each) => each instanceof MillraceError)
  if (ours) return new MillraceError(ours.code, `${what}: ${ours.message}`, { cause: error, next: ours.next })
  const telling = causes.find((each) => codeOf(each) !== undefined) ?? causes[0] ?? (error as Error)
  const said = `${what}: ${telling.message}`
  const untrusted = causes.find(({ message, code }) => UNTRUSTED.test(`${code} ${message}`))
  if (untrusted) {
    return new MillraceError('OUTPUT_DENIED', `${what}: the server's certificate: ${untrusted.message}`, {
      cause: error,
      next: 'Name the certificate to trust as ?ca=FILE, and the nodes as it names them.',
    })
  }
  return new MillraceError(codeOf(telling) ?? 'OUTPUT_REFUSED', said, { cause: error })
}

/** A client that reaches no node says of each why, and of a connection that was lost by what. */
function causesOf(error: DriverError): DriverError[] {
  const causes = [...Object.values(error.innerErrors ?? {}), ...(error.innerError ? [error.innerError] : [])]
  return [...causes.flatMap(causesOf), error]
}

function codeOf({ name, code, message }: DriverError): ErrorCode | undefined {
  if (name === 'AuthenticationError' || /requires authentication/.test(message)) return 'OUTPUT_DENIED'
  if (typeof code === 'number' && name === 'ResponseError') {
    if (DENIED.has(code)) return 'OUTPUT_DENIED'
    // A table that another worker is making is listed a moment before it can be asked.
    return PASSING.has(code) || (code === INVALID && /does not exist/.test(message)) ? 'STORE_FAILED' : undefined
  }
  const passes = /^(NoHostAvailable|OperationTimedOut|BusyConnection|DriverInternal)/.test(name)
  return passes || /socket|connection|ECONN|EPIPE|ETIMEDOUT|timed? ?out/i.test(`${code} ${message}`)
    ? 'STORE_FAILED'
    : undefined
}

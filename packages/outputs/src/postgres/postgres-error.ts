import { type ErrorCode, MillraceError } from '@millrace/base'

/** What a class of SQLSTATE, or a whole one, means to us. All else stops the worker. */
const CODES: readonly (readonly [RegExp, ErrorCode])[] = [
  // A wrong login, or one that is not let in from here.
  [/^28/, 'OUTPUT_DENIED'],
  // No right to the schema or the table.
  [/^42501$/, 'OUTPUT_DENIED'],
  // There is no such database, or schema.
  [/^3D|^3F/, 'OUTPUT_ADDRESS'],
  // Connections, resources (too many of them, a full disk), an administrator's stop, the system below.
  [/^(08|53|57|58|XX)/, 'STORE_FAILED'],
  // Deadlocks, failed serialization, a lock that was not to be had, a server that is read-only since a failover.
  [/^(40|55P03|25006)/, 'STORE_FAILED'],
]

/** What Node says of a connection that is not, or no longer, there. */
const UNREACHABLE = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN)/
const UNTRUSTED = /CERT|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE|ALTNAME/

export function flooded(): MillraceError {
  return new MillraceError('OUTPUT_REFUSED', 'the PostgreSQL server answers with more than was asked for', {
    next: 'Check the address.',
  })
}

/** Returns an error of the server, or of the way to it, as one of ours. */
export function fromPostgres(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const { code = '', message } = error as { readonly code?: string; readonly message: string }
  const said = `${what}: ${message}`
  if (UNTRUSTED.test(code)) {
    return new MillraceError('OUTPUT_DENIED', `${what}: the server's certificate: ${message}`, {
      cause: error,
      next: 'Name the certificate to trust as ?ca=FILE, and the server as its certificate names it.',
    })
  }
  if (UNREACHABLE.test(code) || /connection|timeout/i.test(message)) {
    return new MillraceError('STORE_FAILED', said, { cause: error, next: 'Check that the server is up.' })
  }
  const known = CODES.find(([pattern]) => /^[0-9A-Z]{5}$/.test(code) && pattern.test(code))
  return new MillraceError(known?.[1] ?? 'OUTPUT_REFUSED', said, { cause: error })
}

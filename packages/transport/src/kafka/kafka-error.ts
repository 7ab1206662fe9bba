import { type ErrorCode, MillraceError } from '@millrace/base'
import { protocolErrorsCodesById } from '@platformatic/kafka'

/** Kafka's own numbers for what goes wrong, as far as we treat them apart. */
export const KAFKA = {
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_ALREADY_EXISTS: 36,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  UNKNOWN_PRODUCER_ID: 59,
  MEMBER_ID_REQUIRED: 79,
  FENCED_INSTANCE_ID: 82,
  UNKNOWN_TOPIC_ID: 100,
} as const

/**
 * Authorization of a topic, a group, the cluster, a transaction; the login itself, or a request although the broker did
 * not take the login, which is how it answers a token that it does not accept.
 */
const DENIED = new Set([29, 30, 31, 34, 53, 58])
/** The mechanism of the login, the version of a request, the message format. */
const UNSUPPORTED = new Set([33, 35, 43])
/** An invalid topic name, an incompatible group, invalid timeouts, a group id or member name in use. */
const MISCONFIGURED = new Set([17, 23, 24, 26, KAFKA.FENCED_INSTANCE_ID])

function nameOf(number: number): string {
  return (protocolErrorsCodesById as Readonly<Record<number, string>>)[number] ?? `error ${number}`
}

/** Returns a broker's error code as one of our errors. Most are transient: an election, a restart, an overload. */
export function answered(number: number, what: string, cause?: unknown): MillraceError {
  const next = DENIED_NEXT.get(number)
  return new MillraceError(codeOf(number), `${what}: ${nameOf(number)}`, { cause, ...(next !== undefined && { next }) })
}

/** What to do about a denial, by what was denied: a topic, a group, the cluster, a login that was not asked for. */
const DENIED_NEXT: ReadonlyMap<number, string> = new Map([
  [29, 'Allow the login READ and DESCRIBE on the topic, or WRITE and DESCRIBE to send to it.'],
  [30, 'Allow the login READ on the consumer group, or choose a group that it may use.'],
  [31, 'Allow the login DESCRIBE on the cluster, and CREATE where topics are to be made.'],
  [34, 'Check the login; if this port asks for none, take ?sasl= out.'],
])

/** A record, or the batch of one, is larger than the broker or its topic takes. */
const TOO_LARGE = new Set([10, 18])

function codeOf(number: number): ErrorCode {
  if (DENIED.has(number)) return 'SOURCE_DENIED'
  if (UNSUPPORTED.has(number)) return 'SOURCE_UNSUPPORTED'
  if (MISCONFIGURED.has(number)) return 'CONFIG_INVALID'
  if (TOO_LARGE.has(number)) return 'RECORD_INVALID'
  return 'SOURCE_UNREACHABLE'
}

/** Matches the codes of OpenSSL and Node for a certificate that is not trusted. */
const UNTRUSTED = /CERT|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE/

/** An error of the library as one of ours. */
export function fromLibrary(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const number = numberIn(error)
  if (number !== undefined) return answered(number, what, error)
  const untrusted = within(error, ({ code = '' }) => UNTRUSTED.test(code)) as Error | undefined
  if (untrusted) {
    return new MillraceError('SOURCE_UNREACHABLE', `${what}: the broker's certificate: ${untrusted.message}`, {
      cause: error,
      next: 'Name the certificate to trust as ?ca=FILE, and the broker as its certificate names it.',
    })
  }
  const denied = within(error, ({ code }) => code === 'PLT_KFK_AUTHENTICATION') !== undefined
  const next = denied ? undefined : adviceOn(error)
  return new MillraceError(denied ? 'SOURCE_DENIED' : 'SOURCE_UNREACHABLE', `${what}: ${causesOf(error).join(' ')}`, {
    cause: error,
    ...(next !== undefined && { next }),
  })
}

/** What can be done about a connection that fails, by the codes of Node and OpenSSL. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^Broker requires TLS/, 'Add ?ssl=true, or name a port without TLS.'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "Check the broker's name, and the names that it advertises."],
  [/^ECONNREFUSED$/, 'Check that the broker is up, and its port.'],
  [/^(ERR_SSL_|EPROTO)/, 'The broker speaks no TLS at this port: take ?ssl=true out, or name the port of its TLS.'],
  [
    /^(ECONNRESET|EPIPE|PLT_KFK_TIMEOUT|PLT_KFK_RESPONSE|Connection closed)/,
    'Check that this is a port of Kafka, and that ?ssl= and ?sasl= are as the broker wants them there.',
  ],
]

function adviceOn(error: unknown): string | undefined {
  return ADVICE.find(([codes]) =>
    within(error, ({ code = '', message }) => codes.test(code) || codes.test(message)),
  )?.[1]
}

/** Matches OpenSSL's way to say what is wrong, with its thread and the line of its source. */
const OPENSSL = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[\s\S]*$/

/** Returns what the error and each of its first causes say, outermost first: the library's outermost says little. */
function causesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [String(error)]
  const { errors: [first] = [], cause } = error as LibraryError
  const said = `${error.message || (error as LibraryError).code}`.trim().replace(OPENSSL, 'TLS: $1.')
  return [...new Set([said, ...causesOf(first ?? cause)])]
}

/** Kafka's number in an error of the library, if a broker gave one. */
export function numberIn(error: unknown): number | undefined {
  return within(error, ({ apiCode }) => typeof apiCode === 'number')?.apiCode
}

interface LibraryError {
  readonly message: string
  readonly code?: string
  readonly apiCode?: number
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

function within(error: unknown, is: (error: LibraryError) => boolean): LibraryError | undefined {
  if (!(error instanceof Error)) return undefined
  const candidate = error as LibraryError
  if (is(candidate)) return candidate
  for (const inner of [...(candidate.errors ?? []), candidate.cause]) {
    const found = within(inner, is)
    if (found) return found
  }
  return undefined
}

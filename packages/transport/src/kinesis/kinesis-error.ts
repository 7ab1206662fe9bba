import { type ErrorCode, MillraceError } from '@millrace/base'
import { type Partition, partitionKey } from '../source.ts'

/** Codes of the errors of Kinesis and of the SDK, by name. All others are retried. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ResourceNotFoundException: 'TOPIC_MISSING',
  InvalidArgumentException: 'CONFIG_INVALID',
  ValidationException: 'CONFIG_INVALID',
  AccessDeniedException: 'SOURCE_DENIED',
  UnrecognizedClientException: 'SOURCE_DENIED',
  InvalidSignatureException: 'SOURCE_DENIED',
  MissingAuthenticationTokenException: 'SOURCE_DENIED',
  CredentialsProviderError: 'SOURCE_DENIED',
  KMSAccessDeniedException: 'SOURCE_DENIED',
  KMSDisabledException: 'SOURCE_DENIED',
  KMSInvalidStateException: 'SOURCE_DENIED',
  KMSNotFoundException: 'SOURCE_DENIED',
  KMSOptInRequired: 'SOURCE_DENIED',
  ExpiredTokenException: 'SOURCE_DENIED',
  IncompleteSignature: 'SOURCE_DENIED',
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'KMSThrottlingException',
  'ThrottlingException',
])

const ADVICE: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'Make the stream, or check its name, the region and the account.',
  AccessDeniedException:
    'Allow kinesis:DescribeStreamSummary, ListShards, GetShardIterator, GetRecords and PutRecords.',
  UnrecognizedClientException: 'Check which credentials are in use: the environment goes before ~/.aws.',
  InvalidSignatureException: "Check the secret of the credentials in use, and this machine's clock.",
  ExpiredTokenException: 'Renew the credentials.',
  CredentialsProviderError: 'Give credentials by the environment, ~/.aws or the role of the machine.',
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Too much was asked at once, of a shard or of the account. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.has(nameOf(error))
}

/** Whatever answers is no Kinesis: the SDK can make nothing of it. */
const NOT_KINESIS = /deserialization error|is not valid JSON/i

export function fromKinesis(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const name = nameOf(error)
  const text = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error)
  if (NOT_KINESIS.test(text ?? '')) {
    return new MillraceError('SOURCE_UNSUPPORTED', `${what}: what answers there is no Kinesis`, {
      cause: error,
      next: 'Check ?endpoint=, or leave it out for Amazon itself.',
    })
  }
  const code = CODES[name] ?? 'SOURCE_UNREACHABLE'
  const next = ADVICE[name] ?? adviceOn(error)
  const message = name === 'Error' ? text : `${name}: ${text}`
  return new MillraceError(code, `${what}: ${message}`, { cause: error, ...(next === undefined ? {} : { next }) })
}

function adviceOn(error: unknown): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Check the region and ?endpoint=: no server has that name.'
  return code === 'ECONNREFUSED' ? 'Check ?endpoint=: no server listens there.' : undefined
}

/** Returns the error for a record that the shard no longer has. */
export function outOfRange(partition: Partition, sequence: bigint, cause?: unknown): MillraceError {
  const message = `${partitionKey(partition)} does not hold record ${sequence}, which is where to go on`
  return new MillraceError('OFFSET_OUT_OF_RANGE', message, { cause })
}

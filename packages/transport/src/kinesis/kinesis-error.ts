import { type ErrorCode, MillraceError } from '@millrace/base'

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
  CredentialsProviderError: 'Give credentials by the environment, ~/.aws or the role of the machine.',
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Too much was asked at once, of a shard or of the account. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.has(nameOf(error))
}

export function fromKinesis(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const name = nameOf(error)
  const code = CODES[name] ?? 'SOURCE_UNREACHABLE'
  const next = ADVICE[name]
  const message = error instanceof Error ? `${name}: ${error.message}` : String(error)
  return new MillraceError(code, `${what}: ${message}`, { cause: error, ...(next === undefined ? {} : { next }) })
}

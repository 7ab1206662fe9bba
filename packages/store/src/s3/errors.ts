import { S3ServiceException } from '@aws-sdk/client-s3'
import type { Runtime } from '@millrace/base'

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** Whether the object does not exist; false for a missing bucket. */
export function isAbsent(error: unknown): boolean {
  return nameOf(error) === 'NoSuchKey' || (nameOf(error) === 'NotFound' && statusOf(error) === 404)
}

/** Whether a conditional write failed because the object exists. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 412
}

const CONFLICT_TRIES = 10

/** Retries on 409, which means that another conditional write was under way. */
export async function retryConflicts<T>(runtime: Runtime, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (statusOf(error) !== 409 || tries === CONFLICT_TRIES) throw error
      await runtime.sleep(runtime.random() * Math.min(2000, 20 * 2 ** tries))
    }
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Create the bucket, or mend its name.',
  AccessDenied: 'Allow s3:GetObject, s3:PutObject, s3:DeleteObject on its objects and s3:ListBucket on the bucket.',
  Forbidden: 'Allow s3:GetObject, s3:PutObject, s3:DeleteObject on its objects and s3:ListBucket on the bucket.',
  InvalidAccessKeyId: 'Check which credentials are in use: the environment goes before ~/.aws.',
  SignatureDoesNotMatch: 'Check the secret of the credentials in use.',
  ExpiredToken: 'Renew the credentials.',
  CredentialsProviderError: 'Give credentials by the environment, ~/.aws or the role of the machine.',
  RequestTimeTooSkewed: "Set this machine's clock.",
}

export function adviceOn(error: unknown): string | undefined {
  if (error instanceof Error && error.message === 'Region is missing') return 'Set AWS_REGION, or add ?region=… to it.'
  // Servers other than Amazon's have codes of their own for it.
  if (error instanceof Error && /access key id/i.test(error.message)) return ADVICE.InvalidAccessKeyId
  return ADVICE[nameOf(error)] ?? NETWORK.find(([codes]) => codes.test(codeOf(error)))?.[1]
}

/** What can be done about a connection that fails, by the codes of Node and OpenSSL. */
const NETWORK: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'Check the region, the bucket and ?endpoint=: no server has that name.'],
  [/^ECONNREFUSED$/, 'Check ?endpoint=: no server listens there.'],
  [/CERT|UNABLE_TO_VERIFY/, 'Name the certificate to trust by NODE_EXTRA_CA_CERTS.'],
  [/^(ERR_SSL_|EPROTO)/, 'The server speaks no TLS there: begin ?endpoint= with http:.'],
]

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Maximum tries of one request. */
export const TRIES = 8

/** Retries transient errors of the server or the network. */
export async function retryReads<T>(runtime: Runtime, read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read()
    } catch (error) {
      if (!isTransient(error) || tries === TRIES) throw error
      await runtime.sleep(runtime.random() * 100 * 2 ** tries)
    }
  }
}

/** Matches error codes of connections alone: a full disk, for one, is not retried. */
const BROKEN_CONNECTION =
  /^(ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|E(HOST|NET)(UNREACH|DOWN)|EPROTO|HPE_|ERR_SSL|ERR_STREAM_PREMATURE)/

function isTransient(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) {
    return error instanceof Error && 'code' in error && BROKEN_CONNECTION.test(String(error.code))
  }
  const status = statusOf(error) ?? 0
  return status >= 500 || status === 429 || error.name === 'RequestTimeout' || error.$retryable !== undefined
}

/** Returns the error that Node gives for a broken connection, for breaks that it does not notice. */
export function brokenOff(why: string): Error {
  return Object.assign(new Error(why), { code: 'ECONNRESET' })
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

import { S3ServiceException } from '@aws-sdk/client-s3'
import type { Runtime } from '@millrace/base'

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** Not for a missing bucket: that is no missing object. */
export function isAbsent(error: unknown): boolean {
  return nameOf(error) === 'NoSuchKey' || (nameOf(error) === 'NotFound' && statusOf(error) === 404)
}

/** The server says what it was asked to make sure of: there is an object already. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 412
}

const CONFLICT_TRIES = 10

/** 409 means that another conditional write was under way: ask again. */
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
  return ADVICE[nameOf(error)]
}

/** Of one request, with pauses that grow. */
export const TRIES = 8

/** Asks again while the server or the way to it has only a bad moment. */
export async function retryReads<T>(runtime: Runtime, read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read()
    } catch (error) {
      if (!mayPass(error) || tries === TRIES) throw error
      await runtime.sleep(runtime.random() * 100 * 2 ** tries)
    }
  }
}

/** What may go wrong with a connection, and with nothing else: a full disk is no reason to ask again. */
const BROKEN_CONNECTION =
  /^(ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|E(HOST|NET)(UNREACH|DOWN)|EPROTO|HPE_|ERR_SSL|ERR_STREAM_PREMATURE)/

function mayPass(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) {
    return error instanceof Error && 'code' in error && BROKEN_CONNECTION.test(String(error.code))
  }
  const status = statusOf(error) ?? 0
  return status >= 500 || status === 429 || error.name === 'RequestTimeout' || error.$retryable !== undefined
}

/** What Node says of a connection that ends too early, for what it does not see. */
export function brokenOff(why: string): Error {
  return Object.assign(new Error(why), { code: 'ECONNRESET' })
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

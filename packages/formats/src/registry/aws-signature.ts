import { createHash, createHmac } from 'node:crypto'
import { MillraceError, systemRuntime } from '@millrace/base'
import type { GlueRegistry } from './address.ts'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const SERVICE = 'glue'
const JSON_TYPE = 'application/x-amz-json-1.1'

let chain: (() => Promise<AwsCredentials>) | undefined

/** Returns the headers of a call of AWS's JSON protocol, signed with the credentials that the SDK's own chain finds. */
export async function signedHeaders(
  { url, region }: GlueRegistry,
  target: string,
  body: string,
): Promise<Record<string, string>> {
  chain ??= (await import('@aws-sdk/credential-provider-node')).defaultProvider()
  const credentials = await chain().catch((cause: Error) => {
    throw new MillraceError('SOURCE_DENIED', `no AWS credentials for the schema registry: ${cause.message}`, {
      next: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.',
      cause,
    })
  })
  const { host } = new URL(url)
  return sign({ host, region, target, body, credentials, now: new Date(systemRuntime.now()) })
}

interface Call {
  readonly host: string
  readonly region: string
  readonly target: string
  readonly body: string
  readonly credentials: AwsCredentials
  readonly now: Date
}

/** Signature version 4 of a POST to `/`. */
export function sign({ host, region, target, body, credentials, now }: Call): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const headers: Record<string, string> = {
    ...{ 'content-type': JSON_TYPE, host, 'x-amz-date': time },
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    'x-amz-target': target,
  }
  const names = Object.keys(headers).join(';')
  const listed = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = ['POST', '/', '', listed.join(''), names, sha256(body)].join('\n')
  const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`
  const key = [time.slice(0, 8), region, SERVICE, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  )
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

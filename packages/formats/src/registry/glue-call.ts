import { type AwsCredentials, MillraceError, openAwsSigner, systemRuntime } from '@millrace/base'
import type { GlueRegistry } from './address.ts'

const JSON_TYPE = 'application/x-amz-json-1.1'

const sign = openAwsSigner('glue')
let chain: (() => Promise<AwsCredentials>) | undefined

/** Returns the headers of a call of AWS's JSON protocol, signed with the credentials that the SDK's own chain finds. */
export async function signedHeaders(
  { url, region }: Pick<GlueRegistry, 'url' | 'region'>,
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
  return signedCall({ url, region }, target, body, credentials)
}

/** Returns the headers of such a call, signed with these credentials. */
export function signedCall(
  { url, region }: Pick<GlueRegistry, 'url' | 'region'>,
  target: string,
  body: string,
  credentials: AwsCredentials,
): Record<string, string> {
  const headers = { 'content-type': JSON_TYPE, host: new URL(url).host, 'x-amz-target': target }
  return sign({ method: 'POST', path: '/', query: '', headers, body, region, time: systemRuntime.now() }, credentials)
}

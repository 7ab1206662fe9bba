import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What makes curl sign its requests. */
export function curlSignature(s3: Readonly<Record<string, string>>): string[] {
  const { region = '', accessKeyId = '', secretAccessKey = '' } = s3
  const unsignedPayload = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD']
  return ['--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${accessKeyId}:${secretAccessKey}`, ...unsignedPayload]
}

/** A new bucket on the S3 server; answers the address of a lake in it and what opens it. */
export async function lakeInBucket(s3: Readonly<Record<string, string>>, bucket: string) {
  const { endpoint = '', region = '', accessKeyId = '', secretAccessKey = '' } = s3
  await promisify(execFile)('curl', ['-sSf', '-X', 'PUT', ...curlSignature(s3), `${endpoint}/${bucket}`])
  return {
    lake: `s3://${bucket}/lake?endpoint=${encodeURIComponent(endpoint)}&region=${region}`,
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  }
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A new bucket on the S3 server; answers the address of a lake in it and what opens it. */
export async function lakeInBucket(s3: Readonly<Record<string, string>>, bucket: string) {
  const { endpoint = '', region = '', accessKeyId = '', secretAccessKey = '' } = s3
  const signed = ['--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${accessKeyId}:${secretAccessKey}`]
  await promisify(execFile)('curl', [
    '-sSf',
    '-X',
    'PUT',
    ...signed,
    '-H',
    'x-amz-content-sha256: UNSIGNED-PAYLOAD',
    `${endpoint}/${bucket}`,
  ])
  return {
    lake: `s3://${bucket}/lake?endpoint=${encodeURIComponent(endpoint)}&region=${region}`,
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  }
}

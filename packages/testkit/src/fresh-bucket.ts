import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freshName } from './fresh-name.ts'
import type { S3Address } from './services/s3.ts'
import { s3Client } from './services/s3-client.ts'

/** A new bucket; the credentials for it go where the SDK looks for them. */
export async function freshBucket(stem: string, s3: S3Address): Promise<string> {
  process.env.AWS_ACCESS_KEY_ID = s3.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = s3.secretAccessKey
  const bucket = freshName(stem)
  const client = s3Client(s3)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return bucket
}

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freshName } from '@millrace/testkit'
import { type LakeOptions, openLake } from '../../src/store/address.ts'
import type { ObjectStore } from '../../src/store/store.ts'

export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A lake in a new bucket, with credentials where the SDK looks for them. */
export async function openTestLake(s3: S3Server, options: LakeOptions): Promise<ObjectStore> {
  process.env.AWS_ACCESS_KEY_ID = s3.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = s3.secretAccessKey
  const bucket = freshName('lake')
  const client = s3Client(s3)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return openLake(`s3://${bucket}/some/prefix?endpoint=${s3.endpoint}&region=${s3.region}`, options)
}

export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Server): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
}

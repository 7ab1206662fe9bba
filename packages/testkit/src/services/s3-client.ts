import { S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from './s3.ts'

export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
}

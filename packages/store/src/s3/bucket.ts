import type { S3Client } from '@aws-sdk/client-s3'
import type { Runtime } from '@millrace/base'
import type { Reader } from './reader.ts'

/** A bucket of S3 or of a compatible server. */
export interface Bucket {
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string
  readonly reader: Reader
  readonly runtime: Runtime
}

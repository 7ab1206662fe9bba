import { freshBucket, type S3Address } from '@millrace/testkit'
import { type LakeOptions, type ObjectStore, openLake } from '../src/index.ts'

/** A lake in a new bucket, with credentials where the SDK looks for them. */
export async function openTestLake(s3: S3Address, options: LakeOptions): Promise<ObjectStore> {
  const bucket = await freshBucket('lake', s3)
  return openLake(`s3://${bucket}/some/prefix?endpoint=${s3.endpoint}&region=${s3.region}`, options)
}

import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { MillraceError } from '@millrace/base'
import type { Origin } from '../cache/cache.ts'
import type { S3Address } from './address.ts'
import type { Bucket } from './bucket.ts'
import { isAbsent } from './errors.ts'

/** The bucket as the cache of local files sees it. */
export function bucketAsOrigin({ client, bucket, prefix, reader }: Bucket, { endpoint }: S3Address): Origin {
  const orGone = async <T>(key: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (!isAbsent(error)) throw error
      throw new MillraceError('TABLE_BROKEN', `s3://${bucket}/${prefix}${key} is gone`, { cause: error })
    }
  }
  return {
    name: `${endpoint ?? ''} s3://${bucket}/${prefix}`,
    async version(key) {
      const { ETag = '' } = await orGone(key, client.send(new HeadObjectCommand({ Bucket: bucket, Key: prefix + key })))
      return ETag
    },
    download: (key, path, mostBytes) =>
      orGone(
        key,
        reader.object(key, (body) => pipeline(body, createWriteStream(path)), mostBytes),
      ),
  }
}

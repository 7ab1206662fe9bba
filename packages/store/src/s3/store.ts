import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Runtime } from '@millrace/base'
import { type CacheOptions, openCache } from '../cache/cache.ts'
import { withCodedErrors } from '../coded-errors.ts'
import { checkKey } from '../key.ts'
import { type ByteRange, MOST_WHOLE, type ObjectStore, type S3Access } from '../store.ts'
import type { S3Address } from './address.ts'
import type { Bucket } from './bucket.ts'
import { openClient } from './client.ts'
import { adviceOn, isAbsent, isTaken, retryConflicts, statusOf } from './errors.ts'
import { bytesOf, openAgents } from './http.ts'
import { listObjects } from './listing.ts'
import { bucketAsOrigin } from './origin.ts'
import { openReader, type Reader } from './reader.ts'
import { uploadFile } from './upload.ts'

export function s3Store(address: S3Address, runtime: Runtime, cacheOptions: CacheOptions = {}): ObjectStore {
  const agents = openAgents()
  const client = openClient(address, agents)
  const reader = openReader(client, agents, address, runtime)
  const at = { client, bucket: address.bucket, prefix: address.prefix, reader, runtime }
  const url = `s3://${at.bucket}/${at.prefix}`.replace(/\/$/, '')
  const objectAt = (key: string) => {
    checkKey(url, key)
    return { Bucket: at.bucket, Key: at.prefix + key }
  }
  const put = (key: string, bytes: Uint8Array, condition: { IfNoneMatch?: '*' }) =>
    retryConflicts(runtime, () => at.client.send(new PutObjectCommand({ ...objectAt(key), Body: bytes, ...condition })))
  const cache = openCache(bucketAsOrigin(at, address), runtime, cacheOptions)
  const store: ObjectStore = {
    url,
    readableIn: [cache.folder, `${url}/`],
    async get(key, range) {
      checkKey(url, key)
      return readBytes(reader, key, range)
    },
    put: async (key, bytes) => void (await put(key, bytes, {})),
    async putIfAbsent(key, bytes) {
      try {
        await put(key, bytes, { IfNoneMatch: '*' })
        return 'created'
      } catch (error) {
        if (isTaken(error)) return 'exists'
        throw error
      }
    },
    upload: (key, localPath) => uploadFile(at, objectAt(key), localPath),
    async *keys(prefix, after) {
      for await (const { key } of listObjects(at, prefix, after)) yield key
    },
    list: (prefix, after) => listObjects(at, prefix, after),
    delete: async (key) => void (await at.client.send(new DeleteObjectCommand(objectAt(key)))),
    readable: (keys) => cache.borrow(keys),
    s3Access: () => accessTo(at, address),
  }
  return withCodedErrors(store, adviceOn)
}

async function accessTo({ client, bucket, prefix }: Bucket, address: S3Address): Promise<S3Access> {
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
  const { endpoint, pathStyle } = address
  const region = await client.config.region()
  return { bucket, prefix, region, endpoint, pathStyle, accessKeyId, secretAccessKey, sessionToken }
}

async function readBytes(reader: Reader, key: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
  try {
    const bytes = await reader.object(key, bytesOf, MOST_WHOLE, range)
    return range ? bytes.subarray(0, range.length) : bytes
  } catch (error) {
    if (isAbsent(error)) return undefined
    if (range && statusOf(error) === 416) return new Uint8Array()
    throw error
  }
}

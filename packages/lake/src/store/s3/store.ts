import { DeleteObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import type { Runtime } from '@millrace/base'
import { type CacheOptions, openCache } from '../cache/cache.ts'
import { withCodedErrors } from '../coded-errors.ts'
import { checkKey } from '../key.ts'
import type { ByteRange, ObjectInfo, ObjectStore } from '../store.ts'
import type { S3Address } from './address.ts'
import { openClient } from './client.ts'
import { adviceOn, isAbsent, isTaken, retryConflicts, statusOf } from './errors.ts'
import { bytesOf, openAgents } from './http.ts'
import { addressesFor } from './httpfs.ts'
import { bucketAsOrigin } from './origin.ts'
import { openReader, type ReadObject } from './reader.ts'
import { uploadFile } from './upload.ts'

/** A bucket of S3, or of a server that keeps S3's promises. */
export interface Bucket {
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string
  readonly read: ReadObject
  readonly runtime: Runtime
}

export function s3Store(address: S3Address, runtime: Runtime, cacheOptions: CacheOptions = {}): ObjectStore {
  const agents = openAgents()
  const client = openClient(address, agents)
  const read = openReader(client, agents, address, runtime)
  const at = { client, bucket: address.bucket, prefix: address.prefix, read, runtime }
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
    async get(key, range) {
      checkKey(url, key)
      return readBytes(read, key, range)
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
    async readable(keys, connection) {
      const paths = connection && (await addressesFor(connection, at, address, keys))
      return paths ? { paths, release: async () => {} } : cache.borrow(keys)
    },
  }
  return withCodedErrors(store, adviceOn)
}

async function readBytes(read: ReadObject, key: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
  try {
    const bytes = await read(key, bytesOf, range)
    return range ? bytes.subarray(0, range.length) : bytes
  } catch (error) {
    if (isAbsent(error)) return undefined
    if (range && statusOf(error) === 416) return new Uint8Array()
    throw error
  }
}

async function* listObjects({ client, bucket, prefix: root }: Bucket, prefix: string, after: string | undefined) {
  const asked = { Bucket: bucket, Prefix: root + prefix, ...(after === undefined ? {} : { StartAfter: root + after }) }
  for await (const { Contents } of paginateListObjectsV2({ client }, asked)) {
    for (const { Key = '', Size = 0, LastModified } of Contents ?? []) {
      // Some tools leave an empty object in the place of a folder.
      if (Key.endsWith('/')) continue
      yield { key: Key.slice(root.length), size: Size, modified: LastModified?.getTime() ?? 0 } satisfies ObjectInfo
    }
  }
}

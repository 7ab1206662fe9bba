import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { MillraceError } from '@millrace/base'
import type { Bucket } from './bucket.ts'
import { isAbsent, isTaken, statusOf } from './errors.ts'

/** Four parts are in memory at a time. */
const PART_BYTES = 8 * 1024 * 1024
const MAX_PARTS = 10_000
const TRIES = 4

/**
 * Uploads a small file by one conditional put, a large one in parts with a conditional completion. An answer that the
 * key is taken, or that the parts are gone, can follow our own success: then the object there has our size.
 */
export async function uploadFile(
  at: Bucket,
  object: { Bucket: string; Key: string },
  localPath: string,
): Promise<void> {
  const { size } = await stat(localPath)
  for (let tries = 1; ; tries++) {
    try {
      return await sendFile(at, object, localPath, size)
    } catch (error) {
      const there = isTaken(error) || statusOf(error) === 404 ? await sizeOf(at, object) : undefined
      if (there === size) return
      if (there !== undefined) {
        const message = `${object.Key} is there already, with ${there} bytes in place of ${size}`
        throw new MillraceError('STORE_FAILED', message, { cause: error })
      }
      // After 409 at the completion, or when the parts are gone, all parts must be sent again.
      const again = statusOf(error) === 409 || (error instanceof Error && error.name === 'NoSuchUpload')
      if (!again || tries === TRIES) throw error
      await at.runtime.sleep(at.runtime.random() * 200 * 2 ** tries)
    }
  }
}

/** Sends the file; the library aborts a failed upload, so that no parts are left. */
async function sendFile(
  { client }: Bucket,
  object: { Bucket: string; Key: string },
  localPath: string,
  size: number,
): Promise<void> {
  const body = createReadStream(localPath, { highWaterMark: 1024 * 1024 })
  try {
    const upload = new Upload({
      client,
      params: { ...object, Body: body, IfNoneMatch: '*' },
      partSize: Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS)),
      queueSize: 4,
    })
    await upload.done()
  } finally {
    body.destroy()
  }
}

async function sizeOf({ client }: Bucket, object: { Bucket: string; Key: string }): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand(object))).ContentLength
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

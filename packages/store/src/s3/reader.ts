import { crc32 } from 'node:zlib'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { escapedPath, escapedQuery, MillraceError, openAwsSigner, type Runtime } from '@millrace/base'
import { getEndpointFromInstructions } from '@smithy/core/endpoints'
import type { ByteRange } from '../store.ts'
import type { S3Address } from './address.ts'
import { errorOf } from './error-answer.ts'
import { brokenOff, retryReads } from './errors.ts'
import { type Agents, type Answer, ask, lengthOf } from './http.ts'

/** Consumes the body of an answer; called again for each retry. */
type Take<T> = (body: Answer) => Promise<T>

export interface Reader {
  object<T>(key: string, take: Take<T>, mostBytes: number, range?: ByteRange): Promise<T>
  /** Requests a page of the bucket's listing. */
  page<T>(query: Readonly<Record<string, string>>, take: Take<T>): Promise<T>
}

interface Question {
  /** The path in the bucket. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

interface Place {
  readonly url: URL
  readonly region: string
}

/** The SDK knows the server and the credentials. To read by it takes five times the CPU: docs/decisions/0026. */
export function openReader(client: S3Client, agents: Agents, { bucket, prefix }: S3Address, runtime: Runtime): Reader {
  const sign = openAwsSigner('s3')
  let place: Place | undefined
  let skew = 0

  const answerTo = async (question: Question): Promise<Answer> => {
    place ??= await placeIn(client, bucket, await client.config.region())
    const { url, region } = place
    const path = url.pathname.replace(/\/$/, '') + escapedPath(`/${question.path}`)
    const query = escapedQuery(question.query)
    const headers = { ...question.headers, host: url.host }
    const unsigned = { method: 'GET', path, query, headers, region, time: runtime.now() + skew } as const
    const signed = sign(unsigned, await client.config.credentials())
    const answer = await ask(url, query === '' ? path : `${path}?${query}`, signed, agents)
    if (answer.statusCode === 200 || answer.statusCode === 206) return answer
    const failure = await errorOf(answer)
    const { date, 'x-amz-bucket-region': elsewhere } = answer.headers
    if (typeof elsewhere === 'string' && REGION.test(elsewhere) && elsewhere !== region) {
      place = await placeIn(client, bucket, elsewhere)
      failure.$retryable = {}
    } else if (failure.name === 'RequestTimeTooSkewed' && date !== undefined) {
      skew = Date.parse(date) - runtime.now()
      failure.$retryable = {}
    }
    throw failure
  }

  return {
    object(key, take, mostBytes, range) {
      // The server has no checksum of a range.
      const headers = range ? { range: rangeText(range) } : { 'x-amz-checksum-mode': 'ENABLED' }
      return retryReads(runtime, async () => {
        const answer = await answerTo({ path: prefix + key, query: {}, headers })
        checkLength(answer, key, mostBytes, range)
        const check = watchSum(answer)
        const taken = await take(answer)
        check()
        return taken
      })
    },
    page: (query, take) => retryReads(runtime, async () => take(await answerTo({ path: '', query, headers: {} }))),
  }
}

/** Checks the announced length before a byte is read: at most what was asked for. */
function checkLength(answer: Answer, key: string, mostBytes: number, range: ByteRange | undefined): void {
  const length = lengthOf(answer)
  const most = range ? Math.max(1, range.length) : mostBytes
  const isPart = answer.headers['content-range']?.startsWith(`bytes ${range?.offset}-`) === true
  if (length !== undefined && length <= most && (!range || isPart)) return
  answer.destroy()
  if (range)
    throw new MillraceError('STORE_UNSUITABLE', `the server answers with another part of ${key} than was asked for`)
  if (length === undefined) {
    throw new MillraceError('STORE_UNSUITABLE', `the server does not say how long ${key} is`, {
      next: 'Check ?endpoint=: what answers there may be no S3.',
    })
  }
  throw new MillraceError('STORE_FAILED', `${key} has ${length} bytes, of which at most ${most} are read`, {
    next: 'Check what wrote it: no file of a table is so large.',
  })
}

/** It becomes a part of a host name. */
const REGION = /^[a-z0-9-]{1,64}$/

const rangeText = ({ offset, length }: ByteRange) => `bytes=${offset}-${offset + Math.max(1, length) - 1}`

async function placeIn(client: S3Client, bucket: string, region: string): Promise<Place> {
  const config = { ...client.config, region: async () => region }
  const { url } = await getEndpointFromInstructions({ Bucket: bucket }, GetObjectCommand, config)
  return { url, region }
}

/** Every object of ours has this sum, unless it was sent in parts; others may have another one, or none. */
function watchSum(answer: Answer): () => void {
  const promised = answer.headers['x-amz-checksum-crc32']
  if (typeof promised !== 'string' || promised.includes('-')) return () => {}
  let sum = 0
  answer.on('data', (part: Buffer) => {
    sum = crc32(part, sum)
  })
  return () => {
    if (Buffer.from(promised, 'base64').readUInt32BE() !== sum) throw brokenOff('the bytes do not have their checksum')
  }
}

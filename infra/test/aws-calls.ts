import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forwarded } from '@millrace/testkit'
import { onTestFinished } from 'vitest'

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url))

/** What IAM calls the commands of the SDK that our code may use. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  // An upload in parts is PutObject by its parts too; it is aborted when one fails.
  Upload: ['s3:PutObject', 's3:AbortMultipartUpload'],
  PutObjectCommand: ['s3:PutObject'],
  HeadObjectCommand: ['s3:GetObject'],
  GetObjectCommand: ['s3:GetObject'],
  DeleteObjectCommand: ['s3:DeleteObject'],
  DescribeStreamSummaryCommand: ['kinesis:DescribeStreamSummary'],
  ListShardsCommand: ['kinesis:ListShards'],
  GetShardIteratorCommand: ['kinesis:GetShardIterator'],
  GetRecordsCommand: ['kinesis:GetRecords'],
  // A page of a listing, which our own reader signs.
  listObjects: ['s3:ListBucket'],
}

const NO_CALLS = /Client$|Exception$/

/** The AWS calls, as IAM names them, in a file of a package and in all that it imports from that package. */
export async function callsFrom(entry: string): Promise<string[]> {
  const [files, calls] = [[join(PACKAGES, entry)], new Set<string>()]
  for (const file of files) {
    const text = await readFile(file, 'utf8')
    for (const [, names = '', from = ''] of text.matchAll(/^import \{([^}]*)\} from '([^']+)'/gm)) {
      if (from.startsWith('.')) {
        const next = join(dirname(file), from)
        if (!files.includes(next)) files.push(next)
      }
      const used = names.split(',').map((name) => name.trim())
      const sdk = from.startsWith('@aws-sdk/') || from.endsWith('/listing.ts')
      for (const name of sdk ? used.filter((each) => each !== '' && !each.startsWith('type ')) : []) {
        if (NO_CALLS.test(name)) continue
        const actions = ACTIONS[name]
        if (!actions) throw new Error(`${file} uses ${name}: say which actions of IAM that takes`)
        for (const action of actions) calls.add(action)
      }
    }
  }
  return [...calls].sort()
}

/** A proxy before a stand-in for S3 or Kinesis, and the actions that the requests through it take. */
export async function tracing(upstream: string) {
  const seen = new Set<string>()
  const server = createServer(async (request, answer) => {
    seen.add(actionOf(request))
    const { status, headers, body } = await forwarded(upstream, request)
    answer.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, actions: () => [...seen].sort() }
}

function actionOf({ method = '', url = '', headers }: IncomingMessage): string {
  const operation =
    headers['x-amz-target']?.toString().split('.')[1] ?? /\/service\/Kinesis_20131202\/operation\/(\w+)/.exec(url)?.[1]
  if (operation !== undefined) return `kinesis:${operation}`
  const { pathname, searchParams } = new URL(url, 'http://s3')
  const isBucket = pathname.split('/').filter(Boolean).length === 1
  if (isBucket && method === 'GET' && searchParams.get('list-type') === '2') return 's3:ListBucket'
  if (isBucket) return `${method} ${url}`
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject'
  if (method === 'DELETE') return searchParams.has('uploadId') ? 's3:AbortMultipartUpload' : 's3:DeleteObject'
  return 's3:PutObject'
}

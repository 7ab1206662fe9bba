import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freshName, s3Client, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { switchableProxy } from './switchable-proxy.ts'

const it = withServices('s3')

interface Health {
  readonly sentence: string
}

it('while S3 answers 503 a worker waits, alive but not ready, and says so everywhere; then nothing is missing', async ({
  s3,
}) => {
  const bucket = freshName('lake')
  await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
  const proxy = await switchableProxy(s3.endpoint)
  onTestFinished(() => proxy.close())
  const place = await openWorkplace({
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    MILLRACE_LAKE: `s3://${bucket}/lake?endpoint=${proxy.url}&region=${s3.region}&pathStyle=true`,
  })
  onTestFinished(() => place.leave())
  const worker = place.start('stream', '--every', '300ms', '--dashboard', '127.0.0.1:0')
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  const log = readLog(worker.stderr)
  const url = /http:\S+/.exec(String((await log.heard(({ msg }) => String(msg).startsWith('dashboard'))).msg))?.[0]
  const ask = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    return { status: answer.status, body: (await answer.json()) as Health }
  }
  await log.heard(({ event }) => event === 'committed')
  proxy.turn('off')
  expect(await log.heard(({ event }) => event === 'waits')).toMatchObject({ level: 'warn', code: 'STORE_FAILED' })
  expect(await ask('/readyz')).toMatchObject({
    status: 503,
    body: { sentence: expect.stringMatching(/^waiting for S3: 503 since \d\d:\d\d UTC, nothing lost, .* held$/) },
  })
  expect(await ask('/healthz')).toMatchObject({ status: 200, body: { phase: 'waiting' } })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/millrace_failed_tries_total\{dataset="\w+",code="STORE_FAILED"\} [1-9]/)
  expect(metrics).toMatch(/millrace_worker_phase\{dataset="\w+",phase="waiting"\} 1/)
  proxy.turn('on')
  await log.heard(({ event }) => event === 'goes on')
  await log.heard(({ event }) => event === 'committed')
  worker.kill('SIGTERM')
  expect(await exited).toBe(143)
  const verified = await place.run('verify')
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
})

type Line = Readonly<Record<string, unknown>>

/** The worker's log line by line: each is heard once. */
function readLog(stream: NodeJS.ReadableStream | null) {
  const lines: Line[] = []
  let arrival = Promise.withResolvers<void>()
  let rest = ''
  stream?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.map((part) => JSON.parse(part) as Line))
    arrival.resolve()
    arrival = Promise.withResolvers()
  })
  return {
    /** Passes over lines until one is meant. */
    async heard(isMeant: (line: Line) => boolean): Promise<Line> {
      for (;;) {
        const line = lines.shift()
        if (line === undefined) await arrival.promise
        else if (isMeant(line)) return line
      }
    },
  }
}

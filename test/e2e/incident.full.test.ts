import { setTimeout as pause } from 'node:timers/promises'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { cells, freshName, s3Client, visitDashboard, WIDE, withServices } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect, type TestContext, vi } from 'vitest'
import { MAIN, openWorkplace } from './millrace.ts'
import { onATerminal } from './on-a-terminal.ts'
import { switchableProxy } from './switchable-proxy.ts'

const it = withServices('kafka', 's3', 'chromium')

const OUTAGE_MS = 60_000
const POISON = 500
/** Under load a phase takes what it takes; what is judged is that it comes. */
const SOON = { timeout: 120_000, interval: 500 }

it('S3 is down for a minute, 500 poison messages come, a partition is added: each phase is right wherever one looks', {
  timeout: 600_000,
}, async ({ kafka, s3, chromium, onTestFinished }) => {
  const topic = `${freshName('incident')}.pin`
  const feed = await openFeed(kafka.bootstrap, topic, onTestFinished)
  const proxy = await switchableProxy(s3.endpoint)
  onTestFinished(() => proxy.close())
  const bucket = freshName('incident')
  await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
  const environment = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    MILLRACE_LAKE: `s3://${bucket}/lake?endpoint=${proxy.url}&region=${s3.region}&pathStyle=true`,
    MILLRACE_SOURCE: `kafka://${kafka.bootstrap}`,
  }
  const place = await openWorkplace(environment)
  onTestFinished(() => place.leave())
  const options = ['--datasets', 'pin', '--topics', `pin=${topic}`, '--every', '1s', '--dashboard', '127.0.0.1:0']
  const terminal = onATerminal([process.execPath, MAIN, 'stream', ...options], place.folder, environment)
  const url = await vi.waitFor(() => found(/dashboard (http:\/\/[\d.:]+)\s/, terminal.shown()), SOON)
  const worker = watching(url)
  const pid = (await worker.state()).worker.pid
  onTestFinished(() => endProcess(pid))
  const { page, unwanted } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  const sentence = () => page.locator('#sentence').textContent()

  // All is well.
  await expect.poll(sentence, SOON).toMatch(/caught up, .* behind/i)
  await vi.waitFor(async () => expect(await worker.metric('millrace_committed_rows_total')).toBeGreaterThan(100), SOON)
  expect(await worker.health()).toEqual([200, 200])
  expect(terminal.shown()).toMatch(/● caught up, .* behind/)

  // S3 is down for a minute.
  proxy.turn('off')
  await expect.poll(sentence, SOON).toMatch(/waiting for S3: 503 since \d\d:\d\d UTC, nothing lost, .* held/i)
  const rowsAtFailure = await worker.metric('millrace_committed_rows_total')
  await pause(OUTAGE_MS)
  expect(await sentence()).toMatch(/waiting for S3: 503/i)
  expect(await page.locator('#datasets .trouble').textContent()).toContain('503')
  expect(await worker.health()).toEqual([200, 503])
  expect(await worker.metric('millrace_worker_phase', /phase="waiting"/)).toBe(1)
  expect(await worker.metric('millrace_waiting_seconds')).toBeGreaterThan(OUTAGE_MS / 1000)
  expect(await worker.metric('millrace_failed_tries_total', /STORE_FAILED/)).toBeGreaterThan(1)
  expect(await worker.metric('millrace_lag_seconds')).toBeGreaterThan(OUTAGE_MS / 1000)
  expect(await worker.metric('millrace_committed_rows_total')).toBe(rowsAtFailure)
  const { held } = await worker.state()
  expect(held.bytes).toBeGreaterThan(0)
  expect(held.bytes).toBeLessThanOrEqual(held.mostBytes)
  expect(terminal.shown()).toMatch(/pin waits: .*503/)
  expect(terminal.shown()).toMatch(/● waiting for S3: 503 since/)

  // S3 is back.
  proxy.turn('on')
  await vi.waitFor(() => expect(terminal.shown()).toContain('pin goes on'), SOON)
  await expect.poll(sentence, SOON).toMatch(/caught up, .* behind/i)
  expect(await worker.health()).toEqual([200, 200])
  expect(await worker.metric('millrace_waiting_seconds')).toBe(0)
  expect(await page.locator('#datasets .trouble').count()).toBe(0)

  // Poison.
  await feed.poison(POISON)
  await expect.poll(async () => (await cells(page, 'Data sets')).pin?.Refused, SOON).toBe(String(POISON))
  expect(await worker.metric('millrace_quarantined_records_total')).toBe(POISON)
  expect(await page.locator('#quarantine pre').first().textContent()).toMatch(/^<script>poison \d+/)
  expect(await page.locator('#quarantine script').count()).toBe(0)
  expect(await worker.health()).toEqual([200, 200])
  await vi.waitFor(() => expect(terminal.shown()).toMatch(/500 in quarantine/), SOON)
  expect(terminal.shown()).toContain('into quarantine: not JSON (millrace quarantine list)')
  expect(await place.sql('select count(*) as n from pin_quarantine')).toEqual([{ n: POISON }])

  // A partition more.
  expect(Object.keys(await cells(page, 'Lag by partition'))).toHaveLength(2)
  await feed.widen(3)
  await expect.poll(async () => Object.keys(await cells(page, 'Lag by partition')), SOON).toContain(`${topic} / 2`)
  expect(await worker.metric('millrace_lag_seconds', /partition="2"/)).toBeDefined()
  await expect.poll(sentence, SOON).toMatch(/caught up, .* behind/i)
  expect(await worker.health()).toEqual([200, 200])

  // The end: everything that was ever sent is there, once.
  const sent = await feed.end()
  await vi.waitFor(async () => expect(await worker.metric('millrace_committed_rows_total')).toBe(sent), SOON)
  await expect.poll(async () => (await cells(page, 'Data sets')).pin?.Rows, SOON).toBe(sent.toLocaleString('en-US'))
  process.kill(pid, 'SIGTERM')
  expect(await terminal.ended).toBe(143)
  await page.getByText('no word from this worker').first().waitFor()
  expect(await place.sql('select count(*) as n, count(distinct ind) as inds from pin')).toEqual([
    { n: sent, inds: sent },
  ])
  const verified = await place.run('verify', '--datasets', 'pin')
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
  // The browser itself tells when its stream of events ends, and nothing else was to be reported.
  expect(unwanted.filter((words) => !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING)/.test(words))).toEqual([])
})

/** A topic of two partitions into which a hundred posts come each second. */
async function openFeed(bootstrap: string, topic: string, finished: TestContext['onTestFinished']) {
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const [admin, producer] = [client.admin({}), client.producer({ metadataMaxAge: 1_000 })]
  await Promise.all([admin.connect(), producer.connect()])
  finished(async () => {
    stop.abort()
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })
  const stop = new AbortController()
  let [sent, partitions] = [0, 2]
  const post = () => {
    const index = sent++
    return {
      partition: index % partitions,
      value: JSON.stringify({ index, unique_id: `id-${index}`, category: 'art' }),
    }
  }
  const feeding = (async () => {
    while (!stop.signal.aborted) {
      await producer.send({ topic, messages: Array.from({ length: 20 }, post) })
      await pause(200)
    }
  })()
  return {
    async poison(count: number) {
      const messages = Array.from({ length: count }, (_, i) => ({ value: `<script>poison ${i}</script>` }))
      await producer.send({ topic, messages })
    },
    async widen(count: number) {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] })
      partitions = count
    },
    async end() {
      stop.abort()
      await feeding
      return sent
    },
  }
}

function watching(url: string) {
  return {
    state: async () => (await (await fetch(`${url}/state`)).json()) as State,
    /** Liveness and readiness. */
    health: () => Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(`${url}${path}`)).status)),
    /** The sum of its series, those that match; undefined where there is none. */
    async metric(name: string, labels = /./): Promise<number | undefined> {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
      const found = lines.filter((line) => line.startsWith(`${name}{`) && labels.test(line))
      return found.length === 0 ? undefined : found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
  }
}

interface State {
  readonly worker: { readonly pid: number }
  readonly held: { readonly bytes: number; readonly mostBytes: number }
}

function found(pattern: RegExp, text: string): string {
  const [, first] = pattern.exec(text) ?? []
  if (first === undefined) throw new Error(`nothing matches ${pattern} yet: ${text}`)
  return first
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

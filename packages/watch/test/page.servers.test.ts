import { systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import type { PipelineEvent, WorkerEvent } from '@millrace/stream'
import { barriers, cells, DARK, PHONE, temporaryFolder, visitDashboard, WIDE, withServices } from '@millrace/testkit'
import { expect, type TestContext } from 'vitest'
import type { WorkerBrief } from '../src/group.ts'
import { watchWorker } from '../src/index.ts'
import { createMetrics } from '../src/metrics.ts'
import { startServer } from '../src/server.ts'
import { committed, handClock, OUTPUTS, pin, read, STARTED, WORKER } from './kit.ts'

const it = withServices('chromium')

const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script></pre>{"a":"\u202e'

/** A worker's server, reported what a test says; its clock stands still. */
async function serve(finished: TestContext['onTestFinished'], news: readonly WorkerEvent[] = [pin.assigned]) {
  const { runtime } = handClock()
  const watch = watchWorker(WORKER, runtime)
  const metrics = createMetrics(watch.state, runtime)
  const tell = (...events: readonly WorkerEvent[]) => {
    for (const event of events) {
      watch.on(event)
      metrics.on(event)
    }
  }
  tell(STARTED, ...news)
  const store = await openLake(await temporaryFolder(finished))
  const tableOf = (dataset: string) => dataset
  const parts = {
    watch,
    metrics,
    store,
    questionFolders: [],
    tableOf,
    runtime: { ...runtime, sleep: systemRuntime.sleep },
  }
  const server = await startServer(parts, { host: '127.0.0.1', port: 0 })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= server.close()
    return closed
  }
  finished(close)
  return { url: server.url, tell, close, store, now: runtime.now() }
}

const rejection = (samples: readonly string[]): PipelineEvent =>
  committed({
    quarantined: samples.length,
    reasons: new Map([
      ['not JSON', samples.length - 1],
      ['<b>odd</b>', 1],
    ]),
    samples: samples.map((value, i) => ({
      topic: 'pin',
      partition: '0',
      offset: String(i),
      reason: 'not JSON',
      value,
    })),
  })

const TABLE: WorkerEvent = {
  what: 'table',
  table: { table: 'pin', version: 7, files: 12, bytes: 3_400_000, rows: 123_456 },
}

it('shows the figures that /metrics has', async ({ chromium, onTestFinished }) => {
  const { url } = await serve(onTestFinished, [
    pin.assigned,
    read(handClock().runtime.now() - 3000, 250),
    TABLE,
    committed({ version: 8, rows: 1234, filtered: 5, files: 2, fileBytes: 600_000 }),
    rejection(['{', '{']),
  ])
  const { page, unwanted } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  const scraped = await (await fetch(`${url}/metrics`)).text()
  const metric = (name: string, labels = '{dataset="pin"}') => {
    const line = scraped.split('\n').find((each) => each.startsWith(`${name}${labels} `))
    return Number(line?.split(' ').at(-1)).toLocaleString('en-US')
  }
  const { pin: dataset } = await cells(page, 'Data sets')
  expect(dataset).toMatchObject({
    Rows: metric('millrace_committed_rows_total'),
    Commits: metric('millrace_commits_total'),
    'Left out': metric('millrace_filtered_records_total'),
    'To commit': '350',
    Behind: '3.0 s',
    'p50 / p99': '0.6 s / 0.6 s',
  })
  expect(dataset?.Rows).toBe('1,334')
  const { pin: table } = await cells(page, 'Tables')
  const ofTable = '{table="pin"}'
  expect(table).toMatchObject({
    Rows: metric('millrace_table_rows', ofTable),
    Files: metric('millrace_table_files', ofTable),
    Version: metric('millrace_table_version', ofTable),
  })
  expect(await cells(page, 'Lag by partition')).toMatchObject({ 'pin / 0': { Records: '350', Behind: '3.0 s' } })
  expect(unwanted).toEqual([])
})

it('shows rejected records as text, whatever they hold', async ({ chromium, onTestFinished }) => {
  const { url } = await serve(onTestFinished, [pin.assigned, rejection([HOSTILE, '{'])])
  const { page, unwanted } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  const quarantine = page.locator('#quarantine')
  expect(await quarantine.locator('pre').first().textContent()).toBe(HOSTILE)
  expect(await quarantine.textContent()).toContain('<b>odd</b>')
  expect(await page.locator('#quarantine :is(img, script, b b)').count()).toBe(0)
  expect(await page.title()).toContain('caught up')
  expect(unwanted).toEqual([])
})

it.for([
  ['on a wide screen', WIDE],
  ['in the dark', DARK],
  ['on a phone', PHONE],
] as const)('has no barrier %s, with all its parts shown', async ([, options], { chromium, onTestFinished }) => {
  const news = [pin.assigned, read(handClock().runtime.now() - 3000, 250), TABLE, pin.waits, rejection([HOSTILE, '{'])]
  const { url } = await serve(onTestFinished, news)
  const { page } = await visitDashboard(chromium.url, url, options, onTestFinished)
  await page.getByText('in the group millrace').waitFor()
  expect(await barriers(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
})

it('shows 500 partitions in as many elements as a few, page by page with the keyboard', async ({
  chromium,
  onTestFinished,
}) => {
  const many = (count: number): PipelineEvent[] => {
    const partitions = Array.from({ length: count }, (_, i) => ({ topic: 'pin', identity: 'id', id: String(i) }))
    const { runtime } = handClock()
    const reads = partitions.map((partition, i): PipelineEvent => {
      return { ...read(runtime.now() - 100 * i, 0), partition } as PipelineEvent
    })
    return [{ dataset: 'pin', what: 'assigned', partitions }, ...reads]
  }
  const elements = async (count: number) => {
    const { url } = await serve(onTestFinished, many(count))
    const { page } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
    return { page, count: await page.locator('#lag *').count() }
  }
  const [few, all] = [await elements(13), await elements(500)]
  expect(all.count).toBe(few.count)
  const { page } = all
  expect(await page.locator('#lag').textContent()).toContain(
    '500 partitions, 10 under 1 s, 90 under 10 s, 400 under 1 min',
  )
  expect(Object.keys(await cells(page, 'Lag by partition'))[0]).toBe('pin / 499')
  await page.getByRole('button', { name: 'Next' }).focus()
  await page.keyboard.press('Enter')
  expect(await page.locator('.pager').textContent()).toContain('13–24 of 500')
  await page.getByLabel('Order').selectOption('by name')
  expect(Object.keys(await cells(page, 'Lag by partition'))[0]).toBe('pin / 12')
})

it('shows the workers of its group together', async ({ chromium, onTestFinished }) => {
  const { url, store, now } = await serve(onTestFinished, [pin.assigned, committed({ rows: 234 })])
  const other: WorkerBrief = {
    worker: { ...WORKER, id: 'other', host: 'second', pid: 2 },
    ...{ at: now, phase: 'catching up', sentence: 'catching up: 7 records to go', rssBytes: 99e6 },
    datasets: [
      {
        ...{ dataset: 'pin', phase: 'catching up', partitions: 3, lag: { records: 7, seconds: 12 } },
        rates: { readRecords: 40, readBytes: 4000, rows: 40 },
        totals: { readRecords: 1000, readBytes: 1e5, rows: 1000, filtered: 0, quarantined: 0, commits: 3 },
      },
    ],
  }
  await store.put('_millrace/status/millrace/other.json', new TextEncoder().encode(JSON.stringify(other)))
  const { page } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  await page.getByText('2 in the group millrace, together').waitFor()
  expect(await page.locator('#workers .note').textContent()).toContain('1,234 rows')
  expect(await cells(page, 'Workers')).toMatchObject({
    'host, process 1 (this one)': { State: 'caught up', Partitions: '1', Rows: '234' },
    'second, process 2': { State: 'catching up', Partitions: '3', Rows: '1,000', Behind: '12 s', Memory: '99 MB' },
  })
})

it('says when nothing is heard of the worker any more', async ({ chromium, onTestFinished }) => {
  const { url, close } = await serve(onTestFinished)
  const { page } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  expect(await page.locator('#sentence').textContent()).toContain('caught up')
  await close()
  await page.getByText('no word from this worker for').waitFor()
  expect(await page.title()).toContain('no word')
})

it('follows the worker from phase to phase, and tells a listener of the phase alone', async ({
  chromium,
  onTestFinished,
}) => {
  const { url, tell } = await serve(onTestFinished)
  const { page } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  tell(read(handClock().runtime.now(), 0), pin.batch, pin.waits)
  await page.locator('#sentence', { hasText: 'waiting for S3: 503' }).waitFor()
  expect(await page.getByRole('status').textContent()).toBe('waiting')
  expect(await page.locator('#datasets').textContent()).toContain('put x failed: HTTP 503, SlowDown')
  tell(pin.goesOn, pin.released)
  await page.locator('#sentence', { hasText: 'caught up' }).waitFor()
})

it('the page shows every output: its state, how far it is behind the anchor, and its last error', async ({
  chromium,
  onTestFinished,
}) => {
  const { url } = await serve(onTestFinished, [pin.assigned, OUTPUTS, pin.waits])
  const { page } = await visitDashboard(chromium.url, url, WIDE, onTestFinished)
  expect(await cells(page, 'Outputs')).toMatchObject({
    delta: { 'Data set': 'pin', State: 'anchor', 'Behind the anchor': '–', 'Last error': '–' },
    'postgres://loader@db.example/posts': {
      ...{ State: 'fails, tried again', 'Behind the anchor': '1,200' },
      'Last error': expect.stringContaining('connection refused'),
    },
    'cassandra://node/posts': { State: 'detached', 'Behind the anchor': '–' },
  })
  await page.locator('#sentence', { hasText: 'waiting for PostgreSQL' }).waitFor()
})

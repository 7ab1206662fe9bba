import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { spawnSupervisor, startedServer } from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { type BrowserContextOptions, chromium } from 'playwright-core'
import { openWorkplace, printed } from '../e2e/millrace.ts'

// node test/pictures/dashboard.ts: the pictures of docs/dashboard.md, of two workers that run for two minutes.

const RUN_SECONDS = 120
const POSTS_PER_SECOND = 300
const TOPICS = { pin: 24, geo: 12, user: 12 }
const BAD = [
  '{"index": 7, "unique_id": "b3ae',
  '<script>alert("a record is text")</script>',
  '{"index": "many", "category": "art"}',
  '[1, 2, 3]',
  '{"index": null}',
]

interface Picture {
  readonly file: string
  readonly options: BrowserContextOptions
  readonly whole?: boolean
}

const PICTURES: readonly Picture[] = [
  { file: 'dashboard-light', options: { viewport: { width: 1360, height: 1090 } } },
  { file: 'dashboard-dark', options: { viewport: { width: 1360, height: 1090 }, colorScheme: 'dark' } },
  { file: 'dashboard-whole', options: { viewport: { width: 1360, height: 1090 } }, whole: true },
  {
    file: 'dashboard-phone',
    options: { viewport: { width: 390, height: 1500 }, deviceScaleFactor: 1.5, isMobile: true },
  },
]

const supervisor = await spawnSupervisor(() => {})
const place = await openWorkplace()
try {
  const { bootstrap } = addressOf(await startedServer(supervisor.socketPath, 'kafka'))
  await live(bootstrap)
  const worker = ['stream', '--source', `kafka://${bootstrap}`, '--lake', './lake', '--every', '5s']
  const first = place.start(...worker, '--dashboard', '127.0.0.1:0')
  const url = await printed(first, /dashboard (http:\/\/[\d.:]+)"/)
  place.start(...worker, '--dashboard', '127.0.0.1:0')
  await pause(RUN_SECONDS * 1000)
  const browser = await chromium.connectOverCDP(addressOf(await startedServer(supervisor.socketPath, 'chromium')).url)
  for (const { file, options, whole = false } of PICTURES) {
    const context = await browser.newContext({ ...options, bypassCSP: true })
    const page = await context.newPage()
    await page.goto(url)
    await page.locator('.answer').first().waitFor()
    await page.evaluate('document.fonts.ready')
    await page.addStyleTag({ content: 'html { scrollbar-width: none }' })
    const image = await page.screenshot({ fullPage: whole, animations: 'disabled' })
    await writeFile(fileURLToPath(new URL(`../../docs/images/${file}.png`, import.meta.url)), image)
    await context.close()
  }
  await browser.close()
} finally {
  await place.leave()
  await supervisor.close()
}

/** Posts for as long as it takes, and now and then some that nobody can read. */
async function live(bootstrap: string): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  await admin.createTopics({
    topics: Object.entries(TOPICS).map(([topic, numPartitions]) => ({ topic, numPartitions })),
  })
  await admin.disconnect()
  place.start('ingest', '--to', `kafka://${bootstrap}`, '--rate', `${POSTS_PER_SECOND}/s`, '--mode', 'random')
  void (async () => {
    for (let i = 0; i < RUN_SECONDS; i++) {
      await producer.send({ topic: 'pin', messages: [{ value: BAD[i % BAD.length] ?? '' }] })
      await pause(1_000 * (1 + (i % 3)))
    }
  })().catch(() => {})
}

function addressOf<Address>(answer: { address: Address } | { unavailable: string } | { failed: string }): Address {
  if ('address' in answer) return answer.address
  throw new Error('unavailable' in answer ? answer.unavailable : answer.failed)
}

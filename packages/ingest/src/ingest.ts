import type { Runtime } from '@millrace/base'
import { type OutgoingRecord, openProducer } from '@millrace/transport'
import { type Feed, fileFeed, generatorFeed, type Mode } from './feed.ts'

export interface IngestOptions {
  /** `generator`, or the path of a file of JSON lines. */
  readonly from: string
  readonly to: string
  readonly datasets: readonly string[]
  readonly mode: Mode
  readonly seed: number
  /** Posts; without end when not given. */
  readonly count?: number
  /** Posts a second; as fast as it goes when not given. */
  readonly rate?: number
  readonly onSent?: (totals: IngestTotals) => void
}

export interface IngestTotals {
  readonly posts: number
  readonly records: number
  readonly bytes: number
}

const MOST_AT_ONCE = 5_000
const TICK_MS = 100

/** Sends until the feed, the count or the signal ends it. What is in the totals is durable. */
export async function ingest(options: IngestOptions, runtime: Runtime, signal: AbortSignal): Promise<IngestTotals> {
  const producer = await openProducer(options.to, runtime)
  const totals = { posts: 0, records: 0, bytes: 0 }
  const count = options.count ?? Number.POSITIVE_INFINITY
  const perTick = options.rate === undefined ? MOST_AT_ONCE : Math.max(1, Math.round((options.rate * TICK_MS) / 1000))
  const pace = paceMaker(options.rate, runtime, signal)
  const feed = openFeed(options)[Symbol.asyncIterator]()
  try {
    while (totals.posts < count && !signal.aborted) {
      const batches = await collect(feed, Math.min(perTick, count - totals.posts, MOST_AT_ONCE))
      if (batches.posts === 0) break
      for (const [topic, records] of batches.byTopic) await producer.send(topic, records)
      totals.posts += batches.posts
      totals.records += batches.records
      totals.bytes += batches.bytes
      options.onSent?.(totals)
      await pace(totals.posts)
    }
    return totals
  } finally {
    await producer.close()
  }
}

function openFeed({ from, datasets, mode, seed }: IngestOptions): Feed {
  return from === 'generator' ? generatorFeed({ datasets, mode, seed }) : fileFeed(from, datasets[0] ?? 'pin')
}

async function collect(feed: AsyncIterator<ReadonlyMap<string, Uint8Array>>, most: number) {
  const byTopic = new Map<string, OutgoingRecord[]>()
  let [posts, records, bytes] = [0, 0, 0]
  while (posts < most) {
    const { value, done } = await feed.next()
    if (done) break
    posts++
    for (const [topic, record] of value) {
      const batch = byTopic.get(topic)
      if (batch) batch.push({ value: record })
      else byTopic.set(topic, [{ value: record }])
      records++
      bytes += record.length
    }
  }
  return { byTopic, posts, records, bytes }
}

/** Sleeps off whatever the posts are ahead of the rate. */
function paceMaker(rate: number | undefined, runtime: Runtime, signal: AbortSignal) {
  const started = runtime.monotonic()
  return async (posts: number) => {
    if (rate === undefined) return
    const ahead = (posts / rate) * 1000 - (runtime.monotonic() - started)
    if (ahead > 0) await runtime.sleep(ahead, signal).catch(() => {})
  }
}

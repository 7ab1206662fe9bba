import type { Runtime } from '@millrace/base'
import type { Batch, Feed, FeedOptions } from './feed.ts'
import { openFeed } from './open-feed.ts'
import { openSink } from './sinks/open-sink.ts'
import type { Sink, Target } from './sinks/sink.ts'

export interface IngestOptions extends FeedOptions {
  /** Source: `generator`, mysql://… or the path of a file. */
  readonly from: string
  /** Target: the address of a message system, `rest:URL`, `api:URL`, or a sink of the caller. */
  readonly to: string | Sink
  /** Targets by data set. The default is the topic or stream of the data set's name. */
  readonly targets?: Readonly<Record<string, Target>>
  /** Number of records of each data set. Without it, sending is endless. */
  readonly count?: number
  /** Records of each data set per second. Without it, sending is as fast as possible. */
  readonly rate?: number
  readonly onSent?: (totals: IngestTotals) => void
}

export interface IngestTotals {
  /** Number of rounds. Each round sends one record of every data set. */
  readonly rounds: number
  readonly records: number
  readonly bytes: number
}

const MOST_AT_ONCE = 5_000
const TICK_MS = 100

/** Sends records until the feed ends, the count is reached or the signal aborts. The totals count durable records. */
export async function ingest(options: IngestOptions, runtime: Runtime, signal: AbortSignal): Promise<IngestTotals> {
  const { from, to, targets = {} } = options
  const feed = await openFeed(from, options, runtime)
  try {
    const sink =
      typeof to === 'string'
        ? await openSink(to, (dataset) => targets[dataset] ?? { topic: dataset }, runtime, signal)
        : to
    try {
      return await pump(feed, sink, options, runtime, signal)
    } finally {
      await sink.close()
    }
  } finally {
    await feed.close()
  }
}

/** Maximum number of batches that are being sent while the next one is fetched. */
const SENDS_AT_ONCE = 3

async function pump(feed: Feed, sink: Sink, options: IngestOptions, runtime: Runtime, signal: AbortSignal) {
  const { count = Number.POSITIVE_INFINITY, rate, onSent } = options
  const perTick = rate === undefined ? MOST_AT_ONCE : Math.max(1, Math.round((rate * TICK_MS) / 1000))
  const pace = paceMaker(rate, runtime, signal)
  const totals = { rounds: 0, records: 0, bytes: 0 }
  const fetchAfter = (rounds: number) => {
    const most = Math.min(perTick, count - rounds, MOST_AT_ONCE)
    const coming = most > 0 ? feed.next(most) : Promise.resolve(undefined)
    // The promise is awaited later. Until then its failure must not end the process.
    coming.catch(() => {})
    return coming
  }
  const sending: Promise<void>[] = []
  let asked = 0
  let coming = fetchAfter(0)
  try {
    for (let batch = await coming; batch && !signal.aborted; batch = await coming) {
      asked += roundsOf(batch)
      coming = fetchAfter(asked)
      sending.push(deliver(batch, sink, totals, onSent).catch(unlessStopped(signal)))
      sending.at(-1)?.catch(() => {})
      await pace(asked)
      if (sending.length >= SENDS_AT_ONCE) await sending.shift()
    }
    await Promise.all(sending)
  } finally {
    await Promise.allSettled([...sending, coming])
  }
  return totals
}

/** Sends a batch and adds it to the totals once it is durable. */
async function deliver(
  batch: Batch,
  sink: Sink,
  totals: Writable<IngestTotals>,
  onSent?: (totals: IngestTotals) => void,
) {
  await sink.send(batch)
  totals.rounds += roundsOf(batch)
  for (const records of batch.values()) {
    totals.records += records.length
    for (const record of records) totals.bytes += record.length
  }
  onSent?.(totals)
}

/** Ignores an AbortError after the signal has aborted and rethrows every other error. */
function unlessStopped(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted || (error as Error).name !== 'AbortError') throw error
  }
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

function roundsOf(batch: Batch): number {
  return Math.max(...batch.values().map(({ length }) => length))
}

/** Returns a function that sleeps while the rounds are ahead of the rate. */
function paceMaker(rate: number | undefined, runtime: Runtime, signal: AbortSignal) {
  const started = runtime.monotonic()
  return async (rounds: number) => {
    if (rate === undefined) return
    const ahead = (rounds / rate) * 1000 - (runtime.monotonic() - started)
    if (ahead > 0) await runtime.sleep(ahead, signal).catch(() => {})
  }
}

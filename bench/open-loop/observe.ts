import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { type ObjectStore, openLake } from '@millrace/store'
import { type SeenFiles, watchCommits } from '../latency/commits.ts'
import { usageOf } from '../src/usage.ts'
import type { Sending } from './producer.ts'

const PRODUCER = fileURLToPath(new URL('producer.ts', import.meta.url))

/** Whom to watch: `pid` reads the topic and fills the lake's table `event`. */
export interface Observed extends Sending {
  readonly lake: string
  readonly pid: number
}

/** One message is sent as a warm-up for each so many that are measured. */
const WARM_SHARE = 10

/** Sends some messages and waits until they can be read, then the others; says how late these could be read. */
export async function observe(observed: Observed): Promise<Record<string, number>> {
  const { lake, messages, pid } = observed
  const store = await openLake(lake)
  const warming = Math.ceil(messages / WARM_SHARE)
  await send({ ...observed, messages: warming })
  await watchCommits(store, 'event', warming)
  const watching = watchCommits(store, 'event', warming + messages)
  const [before, begunAt] = [usageOf(pid), Date.now()]
  const sentSeconds = await send(observed)
  const files = await watching
  const [after, endedAt] = [usageOf(pid), Date.now()]
  const waits = (await waitsOf(store, files)).filter(({ sentAt }) => sentAt >= begunAt)
  return {
    'sent a second': messages / sentSeconds,
    ...latenessOf(waits),
    commits: new Set([...files.values()].filter((seen) => seen >= begunAt)).size,
    'cores busy': (after.cpuSeconds - before.cpuSeconds) / ((endedAt - begunAt) / 1000),
    'MB resident': after.residentBytes / 1e6,
  }
}

/** Returns how many seconds it took. */
async function send(sending: Sending): Promise<number> {
  const child = spawn(process.execPath, [PRODUCER, JSON.stringify(sending)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`the producer ended with ${code}`)
  return (JSON.parse(said) as { readonly seconds: number }).seconds
}

/** Messages that were sent in one millisecond and seen together. */
interface Wait {
  readonly sentAt: number
  readonly ms: number
  readonly count: number
}

async function waitsOf(store: ObjectStore, files: SeenFiles): Promise<Wait[]> {
  const { paths, release } = await store.readable([...files.keys()])
  const times = [...files.values()]
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const waits: Wait[] = []
  for (const [i, path] of paths.entries()) {
    const answer = await connection.runAndReadAll(
      `SELECT epoch_ms(ts)::DOUBLE, count(*)::DOUBLE FROM read_parquet('${path}') GROUP BY ALL`,
    )
    for (const [sentAt, count] of answer.getRows() as [number, number][]) {
      waits.push({ sentAt, ms: (times[i] ?? 0) - sentAt, count })
    }
  }
  connection.closeSync()
  instance.closeSync()
  await release()
  return waits
}

/** The mean as the original has it: of the seconds in which messages were sent, the mean of each second's mean. */
function latenessOf(waits: readonly Wait[]): Record<string, number> {
  const sorted = waits.toSorted((a, b) => a.ms - b.ms)
  const first = waits.reduce((least, { sentAt }) => Math.min(least, sentAt), Infinity)
  const seconds = [...Map.groupBy(waits, ({ sentAt }) => Math.floor((sentAt - first) / 1000)).values()]
  return {
    'mean ms':
      sum(seconds.map((second) => sum(second.map(({ ms, count }) => ms * count)) / countOf(second))) / seconds.length,
    'p50 ms': quantile(sorted, 0.5),
    'p99 ms': quantile(sorted, 0.99),
    'most ms': quantile(sorted, 1),
  }
}

function quantile(sorted: readonly Wait[], share: number): number {
  let left = countOf(sorted) * share
  for (const { ms, count } of sorted) {
    left -= count
    if (left <= 0) return ms
  }
  return Number.NaN
}

function countOf(waits: readonly Wait[]): number {
  return sum(waits.map(({ count }) => count))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openLake } from '@millrace/store'
import { usageOf } from '../src/usage.ts'
import { seenRows, watchCommits } from './commits.ts'
import { feedSteadily } from './steady-feed.ts'

/** Whom to watch, and with what. */
export interface Observed {
  readonly bootstrap: string
  readonly topic: string
  /** The lake whose table `pin` fills. */
  readonly lake: string
  /** The folder with `pins.jsonl`. */
  readonly input: string
  readonly size: number
  /** Records sent in a second. */
  readonly perSecond: number
  readonly pid: number
}

/** Feeds the topic and looks for its records in the table. */
export async function observe(observed: Observed): Promise<Record<string, number>> {
  const { bootstrap, topic, lake, input, size, perSecond, pid } = observed
  const values = numbered(await readFile(join(input, 'pins.jsonl'), 'utf8'))
  const store = await openLake(lake)
  const sentAt = new Float64Array(size)
  const warm = size >> 1
  let atWarm = { seconds: 0, at: 0 }
  const watching = watchCommits(store, 'pin', size)
  await feedSteadily(bootstrap, topic, values, perSecond, (index) => {
    sentAt[index] = Date.now()
    if (index === warm) atWarm = { seconds: usageOf(pid).cpuSeconds, at: Date.now() }
  })
  const files = await watching
  const cores = (usageOf(pid).cpuSeconds - atWarm.seconds) / ((Date.now() - atWarm.at) / 1000)
  const at = await seenRows(store, files, size)
  const waits = at.map((seen, i) => seen - (sentAt[i] ?? 0)).subarray(warm)
  waits.sort()
  const commits = new Set([...files.values()].filter((seen) => seen >= atWarm.at)).size
  return {
    'mean ms': Math.round(waits.reduce((sum, wait) => sum + wait, 0) / waits.length),
    'p50 ms': quantile(waits, 0.5),
    'p99 ms': quantile(waits, 0.99),
    'most ms': quantile(waits, 1),
    commits,
    'cores busy': Math.round(cores * 1000) / 1000,
    'MB resident': Math.round(usageOf(pid).residentBytes / 1e6),
  }
}

/** Each record with its place in the file as its key. */
function numbered(lines: string): string[] {
  return lines
    .trim()
    .split('\n')
    .map((line, index) => JSON.stringify({ ...JSON.parse(line), index }))
}

function quantile(sorted: Float64Array, share: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN)
}

/** The table as a folder, in which the results of contestants are compared. */
export async function copyTable(lake: string, table: string, folder: string): Promise<void> {
  const store = await openLake(lake)
  for await (const key of store.keys(`${table}/`)) {
    const bytes = await store.get(key)
    if (!bytes) continue
    const target = join(folder, key)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, bytes)
  }
}

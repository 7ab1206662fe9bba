import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Lag, Phase, Rates, Totals, WorkerIdentity, WorkerState } from './state.ts'

/** Status that a worker publishes in the lake for the other workers of its group. */
export interface WorkerBrief {
  readonly worker: WorkerIdentity
  readonly at: number
  readonly phase: Phase
  readonly sentence: string
  readonly rssBytes: number
  readonly datasets: readonly BriefDataset[]
}

export interface BriefDataset {
  readonly dataset: string
  readonly phase: Phase
  readonly partitions: number
  readonly rates: Rates
  readonly totals: Totals
  readonly lag: Lag
}

/** Two writes a minute cost half a dollar a month on S3. */
const WRITE_EVERY_MS = 30_000
/** A worker whose status is older than this is not shown. */
const GONE_AFTER_MS = 3 * WRITE_EVERY_MS
/** A killed worker leaves its status object behind. The next reader deletes it after this long. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000

const folderOf = (group: string) => `_millrace/status/${encodeURIComponent(group)}/`
const keyOf = ({ group, id }: WorkerIdentity) => `${folderOf(group)}${id}.json`

/** Publishes this worker's status until the signal aborts. A failed write is repeated at the next interval. */
export async function showToGroup(
  store: ObjectStore,
  state: () => WorkerState,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(state().worker)
  while (!signal.aborted) {
    await store.put(key, new TextEncoder().encode(JSON.stringify(briefOf(state())))).catch(() => {})
    await runtime.sleep(WRITE_EVERY_MS, signal).catch(() => {})
  }
  await store.delete(key).catch(() => {})
}

function briefOf({ worker, at, phase, sentence, memory, datasets }: WorkerState): WorkerBrief {
  return {
    ...{ worker, at, phase, sentence },
    rssBytes: memory.rssBytes,
    datasets: datasets.map(({ dataset, phase, partitions, rates, totals, lag }) => {
      return { dataset, phase, partitions: partitions.length, rates, totals, lag }
    }),
  }
}

/**
 * Returns this worker's current status and the recent status of the others in its group. If the lake can't be read,
 * it returns the others from `before`.
 */
export async function readGroup(
  store: ObjectStore,
  own: WorkerState,
  runtime: Runtime,
  before: readonly WorkerBrief[] = [],
): Promise<WorkerBrief[]> {
  const known = before.filter(({ worker, at }) => worker.id !== own.worker.id && runtime.now() - at < GONE_AFTER_MS)
  const others = await readOthers(store, own, runtime).catch(() => known)
  return [briefOf(own), ...others].sort((a, b) => a.worker.startedAt - b.worker.startedAt)
}

async function readOthers(store: ObjectStore, own: WorkerState, runtime: Runtime): Promise<WorkerBrief[]> {
  const briefs: WorkerBrief[] = []
  for await (const key of store.keys(folderOf(own.worker.group))) {
    if (key === keyOf(own.worker)) continue
    const bytes = await store.get(key)
    const brief = bytes && parse(bytes)
    const age = brief ? runtime.now() - brief.at : 0
    if (brief && age < GONE_AFTER_MS) briefs.push(brief)
    else if (age > FORGOTTEN_AFTER_MS) await store.delete(key)
  }
  return briefs
}

/** Returns undefined for a status that can't be parsed, such as one of another version. */
function parse(bytes: Uint8Array): WorkerBrief | undefined {
  try {
    const brief: Partial<WorkerBrief> | null = JSON.parse(new TextDecoder().decode(bytes))
    const isOne = typeof brief?.at === 'number' && brief.worker !== undefined && Array.isArray(brief.datasets)
    return isOne ? (brief as WorkerBrief) : undefined
  } catch {
    return undefined
  }
}

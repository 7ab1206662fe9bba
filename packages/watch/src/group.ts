import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Lag, Phase, Rates, Totals, WorkerIdentity, WorkerState } from './state.ts'

/** What the workers of a group show of themselves to one another, through the lake that they share. */
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

/** Two writes a minute: on S3 they cost half a dollar a month. */
const WRITE_EVERY_MS = 30_000
/** Whoever was not heard of for this long is gone. */
const GONE_AFTER_MS = 3 * WRITE_EVERY_MS
/** Whoever was killed leaves its object behind: the next one that looks takes it away. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000

const folderOf = (group: string) => `_millrace/status/${encodeURIComponent(group)}/`
const keyOf = ({ group, id }: WorkerIdentity) => `${folderOf(group)}${id}.json`

/** Shows this worker to the others until the signal. A failure only means that they see it late. */
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
 * All workers of the group that were heard of lately, this one as it is now. While the lake can't be read, the
 * others are as they were `before`.
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

/** Of another version, perhaps: what can't be read is not shown. */
function parse(bytes: Uint8Array): WorkerBrief | undefined {
  try {
    const brief: Partial<WorkerBrief> | null = JSON.parse(new TextDecoder().decode(bytes))
    const isOne = typeof brief?.at === 'number' && brief.worker !== undefined && Array.isArray(brief.datasets)
    return isOne ? (brief as WorkerBrief) : undefined
  } catch {
    return undefined
  }
}

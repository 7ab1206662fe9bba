import { MillraceError, openWorkFolder, type Runtime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { type ObjectStore, openLake } from '@millrace/store'
import { createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import { openSource, type Partition, type Source, type StartPosition } from '@millrace/transport'
import { type CareEvent, type CareParts, lookAfter, lookAfterOnce } from './care/care.ts'
import { shareCare } from './care/share.ts'
import { createLimit } from './clean/limit.ts'
import { unknownFieldsTeller } from './clean/unknown-fields.ts'
import { createBudget } from './intake/budget.ts'
import type { BatchLimits } from './intake/open-batch.ts'
import type { PaceLimits } from './intake/pace.ts'
import { createPipeline, type Pipeline, type PipelineParts } from './pipeline.ts'
import type { Kinds } from './routes/kinds.ts'
import type { Route } from './routes/routes.ts'
import { settleStrays } from './routes/strays.ts'
import { type Acknowledge, acknowledgeTogether } from './tables/acknowledging.ts'
import type { ProgressTable } from './tables/progress-table.ts'
import { createSizer } from './tables/table-sizes.ts'
import { openTables } from './tables/tables.ts'
import type { CommittedEvent, PipelineNews, WorkerEvent } from './telemetry.ts'

export interface StreamOptions {
  readonly source: string
  readonly lake: string
  /** What goes where. */
  readonly routes: readonly Route[]
  /** Where data sets are looked for before the built-in ones. */
  readonly datasetFolders: readonly string[]
  readonly group: string
  /** A name that outlives this process: with Kafka, who comes back under it soon gets its partitions without a rebalance. */
  readonly member?: string
  readonly start: StartPosition
  readonly limits: BatchLimits & PaceLimits
  /** Commit everything that is there now, then end. */
  readonly untilCaughtUp: boolean
  readonly onEvent?: (event: WorkerEvent) => void
}

export interface StreamTotals {
  readonly rows: number
  readonly quarantined: number
  readonly bytes: number
  readonly commits: number
}

/** A third of Kafka's usual rebalance timeout, and what schedulers give a process that they end. */
const DEADLINES = { revokeMs: 20_000, stopMs: 20_000 }

/** More would starve what else needs Node's threads: name look-ups, files. */
const STATEMENTS_AT_ONCE = 2

/** Bytes between the source and the tables, over all data sets: two batches are cleaned while the next one begins. */
const MOST_BYTES_IN_FLIGHT = 56 << 20

/** The long-lived worker. Ends when the signal says so, after committing what it has read, or when caught up. */
export async function runStream(options: StreamOptions, runtime: Runtime, signal: AbortSignal): Promise<StreamTotals> {
  const workFolder = await openWorkFolder()
  const engine = await openDuckDB({ temporaryFolder: workFolder.path })
  const store = await openLake(options.lake)
  const { group, member } = options
  const source = await openSource(options.source, runtime, { group, store, ...(member !== undefined && { member }) })
  const running = new AbortController()
  let caring = Promise.resolve()
  const totals = { rows: 0, quarantined: 0, bytes: 0, commits: 0 }
  const tell = (event: WorkerEvent) => {
    if (event.what === 'committed') count(totals, event)
    options.onEvent?.(event)
  }
  try {
    const readers = Map.groupBy(
      options.routes.flatMap(({ topics }) => topics),
      (topic) => topic,
    )
    const acknowledge = acknowledgeTogether(source, new Map([...readers].map(([topic, each]) => [topic, each.length])))
    const shared = {
      ...{ store, source, acknowledge, engine, workFolder: workFolder.path, runtime },
      cleaner: createCleaner({ engine, workFolder: workFolder.path, runtime }),
      budget: createBudget(MOST_BYTES_IN_FLIGHT),
      cleaning: createLimit(STATEMENTS_AT_ONCE),
      tellSize: createSizer(runtime, (table) => tell({ what: 'table', table })),
    }
    const datasets = options.routes.map(({ dataset, table, topics }) => ({ dataset, table, topics }))
    tell({ what: 'started', datasets, mostBytesHeld: MOST_BYTES_IN_FLIGHT })
    const pipelines = await Promise.all(options.routes.map((route) => openPipeline(route, options, shared, tell)))
    await settleStrays(pipelines, group, runtime)
    const lost = new AbortController()
    await subscribe(source, pipelines, lost)
    const tables = pipelines.flatMap(({ anchor, quarantine }) => [anchor, quarantine])
    const onCare = (care: CareEvent) => {
      tell({ what: 'care', care })
      for (const table of tables) if (table.ref.path === care.table) shared.tellSize(table)
    }
    const care = { engine, workFolder: workFolder.path, runtime, onCare }
    if (!options.untilCaughtUp) caring = careTogether(tables, store, care, running.signal)
    await runTogether(pipelines, AbortSignal.any([signal, lost.signal]), options.untilCaughtUp)
    if (lost.signal.aborted) throw lost.signal.reason
    if (options.untilCaughtUp) await lookAfterOnce(tables, care, signal)
    return totals
  } finally {
    running.abort()
    await caring
    await source.close()
    engine.close()
    await workFolder.close()
  }
}

async function careTogether(
  tables: readonly ProgressTable[],
  store: ObjectStore,
  parts: CareParts,
  signal: AbortSignal,
): Promise<void> {
  const paths = tables.map(({ ref }) => ref.path)
  const share = await shareCare(store, paths, parts.runtime)
  try {
    await lookAfter(tables, share, parts, signal)
  } finally {
    await share.close()
  }
}

type Shared = Pick<
  PipelineParts,
  'source' | 'engine' | 'cleaner' | 'workFolder' | 'runtime' | 'budget' | 'cleaning'
> & {
  readonly store: ObjectStore
  readonly acknowledge: () => Acknowledge
  readonly tellSize: (table: ProgressTable) => void
}

interface Routed {
  readonly topics: readonly string[]
  readonly kinds: Map<string, Kinds>
  readonly pipeline: Pipeline
  readonly anchor: ProgressTable
  readonly quarantine: ProgressTable
}

async function openPipeline(
  route: Route,
  { datasetFolders, group, start, limits }: StreamOptions,
  shared: Shared,
  tellWorker: (event: WorkerEvent) => void,
): Promise<Routed> {
  const { runtime } = shared
  const source = { ...shared.source, acknowledge: shared.acknowledge() }
  const tell = (news: PipelineNews) => tellWorker({ dataset: route.dataset, ...news })
  const tellUnknown = unknownFieldsTeller(tell)
  const kinds = new Map(route.kinds)
  const dataset = await loadDataset(route.dataset, datasetFolders)
  refuseKindsByField(dataset, kinds)
  const tables = await openTables({
    store: shared.store,
    path: route.table,
    dataset,
    group,
    source,
    start,
    runtime,
    tell,
  })
  const pipeline = createPipeline({
    ...shared,
    source,
    dataset,
    tables,
    group,
    limits,
    kinds,
    deadlines: DEADLINES,
    tell,
    committed(batch, { report }) {
      tellUnknown(report.unknown)
      for (const table of [tables.anchor, tables.quarantine]) shared.tellSize(table)
      const reached = new Map(batch.advances.map(({ partition, to }) => [partition, to]))
      // Only for the broker's own tools: a failure says nothing about our progress.
      source
        .acknowledge(reached)
        .then(() => runtime.crashPoint('acknowledged'))
        .catch(() => {})
    },
  })
  return { topics: route.topics, kinds, pipeline, anchor: tables.anchor, quarantine: tables.quarantine }
}

/** What tells kinds apart is looked up in the message as it came, which must then be JSON. */
function refuseKindsByField({ name, format }: Dataset, kinds: ReadonlyMap<string, Kinds>): void {
  const topic = [...kinds].find(([, { by }]) => by !== 'key')?.[0]
  if (topic === undefined || format.isJsonLines) return
  throw new MillraceError(
    'CONFIG_INVALID',
    `the kinds in ${topic} are told apart by a field, and ${name} is not JSON`,
    {
      next: 'Tell them apart by the key: `[key=…]`.',
    },
  )
}

async function subscribe(source: Source, routed: readonly Routed[], lost: AbortController): Promise<void> {
  const toEach = (partitions: readonly Partition[], tell: (pipeline: Pipeline, mine: Partition[]) => unknown) =>
    Promise.all(
      routed.map(({ topics, pipeline }) =>
        tell(
          pipeline,
          partitions.filter(({ topic }) => topics.includes(topic)),
        ),
      ),
    )
  await source.subscribe([...new Set(routed.flatMap(({ topics }) => topics))], {
    async assigned(partitions) {
      await toEach(partitions, (pipeline, mine) => pipeline.assign(mine))
    },
    async revoked(partitions) {
      await toEach(partitions, (pipeline, mine) => pipeline.revoke(mine))
    },
    failed: (error) => lost.abort(error),
  })
}

function count(totals: { -readonly [K in keyof StreamTotals]: number }, commit: CommittedEvent): void {
  totals.rows += commit.rows
  totals.quarantined += commit.quarantined
  totals.bytes += commit.bytes
  totals.commits++
}

/** One failing pipeline stops the others: a worker is whole or it says why not. */
async function runTogether(routed: readonly Routed[], signal: AbortSignal, untilCaughtUp: boolean): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const runs = routed.map(async ({ pipeline }) => {
    try {
      await pipeline.run(either, untilCaughtUp)
    } catch (error) {
      stop.abort()
      throw error
    }
  })
  const outcomes = await Promise.allSettled(runs)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

import type { Runtime } from '@millrace/base'
import { filesOf, type Machine, openMachine } from '@millrace/engine'
import type { FormatContext } from '@millrace/formats'
import type { Output } from '@millrace/outputs'
import { type ObjectStore, openLake } from '@millrace/store'
import { createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import { type OpenSource, openSource, type Partition, type Source, type StartPosition } from '@millrace/transport'
import { createLimit } from './epoch/limit.ts'
import { createBudget } from './intake/budget.ts'
import type { BatchLimits } from './intake/open-batch.ts'
import type { PaceLimits } from './intake/pace.ts'
import { maintain, maintainOnce } from './maintenance/maintain.ts'
import { shareMaintenance } from './maintenance/share.ts'
import { sizeReporter } from './maintenance/sizes.ts'
import {
  kindsOf,
  type OpenedOutputs,
  type OutputChoice,
  openOutputs,
  shownAddresses,
  thatFits,
} from './open-outputs.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import { acknowledgeTogether } from './progress/acknowledge.ts'
import { refuseKindsByField } from './routes/kinds.ts'
import type { Route } from './routes/routes.ts'
import { settleUnrecognized } from './routes/unrecognized.ts'
import type { CommittedEvent, MaintenanceEvent, OutputNews, PipelineNews, WorkerEvent } from './telemetry.ts'

export interface StreamOptions {
  /** An address, or what opens a source. */
  readonly source: string | OpenSource
  /** An address, or a store. */
  readonly lake: string | ObjectStore
  /** Where clean rows go: the lake's tables, `delta`, unless said. They are the anchor, or else the first one is. */
  readonly outputs?: readonly OutputChoice[]
  /** An output that is new to the pipeline begins at the source's beginning, not where the anchor is. */
  readonly backFills?: boolean
  /** Addresses of outputs that are left out for now: only told. */
  readonly detached?: readonly string[]
  /** What goes where. */
  readonly routes: readonly Route[]
  /** What formats need: where schemas are found. */
  readonly formats?: FormatContext
  /** Folders of data sets. */
  readonly datasetFolders: readonly string[]
  /** Data sets that are in no folder. */
  readonly datasets?: readonly Dataset[]
  readonly group: string
  /** May begin in a topic that another group puts into the same table: its records are there twice then. */
  readonly allowsAnotherGroup?: boolean
  /** For each data set the columns of its table that it does not fill and that may be NULL. */
  readonly nullColumns?: Readonly<Record<string, readonly string[]>>
  /**
   * A name that outlives this process: with Kafka, who comes back under it soon gets its partitions without a
   * rebalance.
   */
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

/** Two, as more would starve other users of Node's thread pool: DNS, files. */
const STATEMENTS_AT_ONCE = 2

/** Bytes between the source and the outputs, over all data sets: two batches are cleaned while the next one begins. */
const MOST_BYTES_IN_FLIGHT = 56 << 20

/** The long-lived worker. Ends when the signal says so, after committing what it has read, or when caught up. */
export async function runStream(options: StreamOptions, runtime: Runtime, signal: AbortSignal): Promise<StreamTotals> {
  const { routes, group, member, untilCaughtUp } = options
  const store = typeof options.lake === 'string' ? await openLake(options.lake) : options.lake
  await using machine = await openMachine(runtime, filesOf(store))
  await using held = new AsyncDisposableStack()
  const reader = { group, store, ...(member !== undefined && { member }) }
  const { source: from } = options
  const source = held.adopt(
    await (typeof from === 'string' ? openSource(from, runtime, reader) : from(reader, runtime)),
    (opened) => opened.close(),
  )
  const totals = { rows: 0, quarantined: 0, bytes: 0, commits: 0 }
  const report = (event: WorkerEvent) => {
    if (event.what === 'committed') count(totals, event)
    options.onEvent?.(event)
  }
  const datasets = routes.map(({ dataset, table, topics }) => ({ dataset, table, topics }))
  report({ what: 'started', datasets, mostBytesHeld: MOST_BYTES_IN_FLIGHT })
  const reportSize = sizeReporter(runtime, (table) => report({ what: 'table', table }))

  const opened = await allOrFirstError(routes.map((route) => openRoute(route, options, store, machine, held)))
  for (const { outputs } of opened) for (const output of outputs.all) reportSize(output)
  const settled = await settleUnrecognized(opened, options.group)
  const routed = opened.map((each, i) => ({ ...each, kinds: settled[i] ?? each.kinds }))
  const pipelines = createPipelines(routed, options, source, machine, (event, outputs) => {
    report(event)
    if (event.what === 'committed') for (const output of outputs.all) reportSize(output)
    if (CHANGES_OUTPUTS.has(event.what)) report(outputsEvent(event.dataset, outputs, options.detached))
  })
  const lost = new AbortController()
  await subscribe(source, pipelines, lost)

  const outputs = opened.flatMap(({ outputs: { all } }) => all)
  const onMaintenance = (maintenance: MaintenanceEvent) => {
    report({ what: 'maintenance', maintenance })
    for (const output of outputs) if (output.name === maintenance.table) reportSize(output)
  }
  if (!untilCaughtUp) held.use(maintainBeside(outputs, store, runtime, onMaintenance))
  await runTogether(pipelines, AbortSignal.any([signal, lost.signal]), untilCaughtUp)
  if (lost.signal.aborted) throw lost.signal.reason
  if (untilCaughtUp) await maintainOnce(outputs, runtime, onMaintenance, signal)
  return totals
}

/** After these an output may be doing better, or worse. */
const CHANGES_OUTPUTS: ReadonlySet<PipelineNews['what']> = new Set(['begun', 'committed', 'waits', 'goes on'])

function outputsEvent(dataset: string, outputs: OpenedOutputs, detached: readonly string[] = []): WorkerEvent {
  const left = detached.map((address): OutputNews => {
    return { output: address, address, isAnchor: false, behind: undefined, partitionsBehind: 0, isDetached: true }
  })
  const all = [...outputs.standing(), ...left]
  const shown = shownAddresses(all.map(({ address }) => address))
  const named = all.map((each, i) => {
    const address = shown[i] ?? ''
    return { ...each, address, output: each.isDetached ? address : each.output }
  })
  return { what: 'outputs', dataset, outputs: named }
}

/** Maintains outputs until it is disposed of, which waits for the task that is under way. */
function maintainBeside(
  outputs: readonly Output[],
  store: ObjectStore,
  runtime: Runtime,
  report: (event: MaintenanceEvent) => void,
): AsyncDisposable {
  const running = new AbortController()
  const names = outputs.filter(({ maintenance }) => maintenance.length > 0).map(({ name }) => name)
  const work = async () => {
    const share = await shareMaintenance(store, names, runtime)
    try {
      await maintain(outputs, share, runtime, report, running.signal)
    } finally {
      await share.close()
    }
  }
  const ended = work()
  return {
    async [Symbol.asyncDispose]() {
      running.abort()
      await ended
    },
  }
}

interface OpenedRoute {
  readonly route: Route
  readonly dataset: Dataset
  readonly outputs: OpenedOutputs
  readonly kinds: NonNullable<Route['kinds']>
}

async function openRoute(
  route: Route,
  options: StreamOptions,
  store: ObjectStore,
  machine: Machine,
  held: AsyncDisposableStack,
): Promise<OpenedRoute> {
  const { outputs: chosen = ['delta'], datasetFolders, datasets = [], group } = options
  const { allowsAnotherGroup = false, nullColumns = {}, formats = { environment: {} } } = options
  const own = datasets.find(({ name }) => name === route.dataset)
  const kinds = await kindsOf(chosen)
  const dataset = thatFits(own ?? (await loadDataset(route.dataset, datasetFolders, formats)), kinds)
  refuseKindsByField(dataset, route.kinds)
  const context = {
    ...{ store, table: route.table, dataset, group, allowsAnotherGroup, machine },
    nullColumns: nullColumns[route.dataset] ?? [],
  }
  return { route, dataset, outputs: await openOutputs(kinds, context, held), kinds: route.kinds ?? new Map() }
}

interface Routed {
  readonly topics: readonly string[]
  readonly pipeline: Pipeline
}

function createPipelines(
  opened: readonly OpenedRoute[],
  { group, start, limits, backFills = false }: StreamOptions,
  source: Source,
  machine: Machine,
  report: (event: { readonly dataset: string } & PipelineNews, outputs: OpenedOutputs) => void,
): Routed[] {
  const readers = Map.groupBy(
    opened.flatMap(({ route }) => route.topics),
    (topic) => topic,
  )
  const acknowledge = acknowledgeTogether(source, new Map([...readers].map(([topic, each]) => [topic, each.length])))
  const settings = {
    limits,
    budget: createBudget(MOST_BYTES_IN_FLIGHT),
    cleaner: createCleaner(machine),
    cleaning: createLimit(STATEMENTS_AT_ONCE),
    deadlines: DEADLINES,
  }
  return opened.map(({ route, dataset, outputs, kinds }) => {
    const job = { source: { ...source, acknowledge: acknowledge() }, dataset, group, outputs, kinds, start, backFills }
    const pipeline = createPipeline(job, machine, settings, (news) =>
      report({ dataset: route.dataset, ...news }, outputs),
    )
    return { topics: route.topics, pipeline }
  })
}

async function subscribe(source: Source, routed: readonly Routed[], lost: AbortController): Promise<void> {
  const toEach = (partitions: readonly Partition[], work: (pipeline: Pipeline, mine: Partition[]) => unknown) =>
    Promise.all(
      routed.map(({ topics, pipeline }) =>
        work(
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

/** Runs the pipelines; when one fails, the others stop too, and the worker fails with its error. */
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
  await allOrFirstError(runs)
}

/** Waits for all of them, also when one fails: nothing is left that would go on behind our back. */
async function allOrFirstError<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

import { MillraceError, type Runtime } from '@millrace/base'
import { filesOf, openMachine } from '@millrace/engine'
import { type ObjectStore, openLake } from '@millrace/store'
import { createCleaner } from '@millrace/transform'
import { openSource, type Source } from '@millrace/transport'
import { createLimit } from './epoch/limit.ts'
import { createBudget } from './intake/budget.ts'
import { type MaintainedOutput, type MaintenanceListener, maintain, maintainOnce } from './maintenance/maintain.ts'
import { shareMaintenance } from './maintenance/share.ts'
import { sizeReporter } from './maintenance/sizes.ts'
import { type OpenedOutputs, shownAddresses } from './open-outputs.ts'
import type { StreamOptions } from './options.ts'
import type { Running } from './pipelines/pipeline-index.ts'
import { createPipelines, type Pipelines } from './pipelines/pipelines.ts'
import type { CommittedEvent, MaintenanceEvent, OutputNews, PipelineNews, WorkerEvent } from './telemetry.ts'

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
const MOST_BYTES_IN_FLIGHT = 50 << 20

/** New topics are looked for as often as is committed, within these bounds. */
const LOOK_EVERY_MS = { least: 1_000, most: 30_000 }

/** The long-lived worker. Ends when the signal says so, after committing what it has read, or when caught up. */
export async function runStream(options: StreamOptions, runtime: Runtime, signal: AbortSignal): Promise<StreamTotals> {
  const { routes, group, member, untilCaughtUp } = options
  const store = typeof options.lake === 'string' ? await openLake(options.lake) : options.lake
  await using held = new AsyncDisposableStack()
  const reader = { group, store, ...(member !== undefined && { member }) }
  const { source: from } = options
  // First, as one that has a thread starts it while the engine is opened.
  const source = held.adopt(
    await (typeof from === 'string' ? openSource(from, runtime, reader) : from(reader, runtime)),
    (opened) => opened.close(),
  )
  const machine = held.use(await openMachine(runtime, filesOf(store)))
  const totals = { rows: 0, quarantined: 0, bytes: 0, commits: 0 }
  const report = (event: WorkerEvent) => {
    if (event.what === 'committed') count(totals, event)
    options.onEvent?.(event)
  }
  const started = routes
    .filter(({ isFound }) => !isFound)
    .map(({ dataset, table, topics }) => ({ dataset, table, topics }))
  report({ what: 'started', datasets: started, mostBytesHeld: MOST_BYTES_IN_FLIGHT })
  const reportSize = sizeReporter(runtime, (table) => report({ what: 'table', table }))

  const lost = new AbortController()
  const settings = {
    limits: options.limits,
    budget: createBudget(MOST_BYTES_IN_FLIGHT),
    cleaner: createCleaner(machine),
    cleaning: createLimit(STATEMENTS_AT_ONCE),
    deadlines: DEADLINES,
  }
  const reportNews = (dataset: string, news: PipelineNews, outputs: OpenedOutputs) => {
    report({ dataset, ...news })
    if (news.what === 'committed') for (const output of outputs.all) reportSize(output)
    if (CHANGES_OUTPUTS.has(news.what)) report(outputsEvent(dataset, outputs, options.detached))
  }
  const opened = ({ all }: OpenedOutputs) => all.forEach(reportSize)
  const pipelines = createPipelines({ options, source, store, machine, settings, held, report, reportNews, opened })
  try {
    await pipelines.open(routes, signal)
  } catch (error) {
    if (signal.aborted && error instanceof MillraceError && error.retry) return totals
    throw error
  }
  await source.subscribe(pipelines.topics(), { ...pipelines.listener, failed: (error) => lost.abort(error) })

  const onMaintenance = (maintenance: MaintenanceEvent) => {
    report({ what: 'maintenance', maintenance })
    for (const { outputs } of pipelines.of(maintenance.table)) {
      for (const output of outputs.all) if (output.name === maintenance.table) reportSize(output)
    }
  }
  if (!untilCaughtUp) {
    held.use(beside((stopped) => maintainTables(pipelines, store, runtime, onMaintenance, stopped)))
    held.use(beside((stopped) => lookForTopics(pipelines, source, options, runtime, stopped)))
  }
  await pipelines.run(AbortSignal.any([signal, lost.signal]), untilCaughtUp)
  if (lost.signal.aborted) throw lost.signal.reason
  if (untilCaughtUp) {
    const outputs = pipelines.all().flatMap(({ outputs: { all } }) => all)
    await maintainOnce(outputs, runtime, onMaintenance, signal)
  }
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

/** Does work until it is disposed of, which waits for the step that is under way. */
function beside(work: (stopped: AbortSignal) => Promise<void>): AsyncDisposable {
  const running = new AbortController()
  const ended = work(running.signal)
  return {
    async [Symbol.asyncDispose]() {
      running.abort()
      await ended
    },
  }
}

/**
 * Maintains the tables of this worker. Workers share those of named data sets by leases. A table that a pattern found
 * is maintained by who reads its topic's first partition: a thousand leases would cost requests all the time.
 */
async function maintainTables(
  pipelines: Pipelines,
  store: ObjectStore,
  runtime: Runtime,
  report: MaintenanceListener,
  stopped: AbortSignal,
): Promise<void> {
  const named = pipelines.all().filter(({ route }) => !route.isFound)
  const outputs = named.flatMap(({ outputs: { all } }) => all).filter(({ maintenance }) => maintenance.length > 0)
  const share = await shareMaintenance(
    store,
    outputs.map(({ name }) => name),
    runtime,
  )
  const shared = outputs.map((output): MaintainedOutput => ({ output, isMine: () => share.mine(output.name) }))
  const all = () => [
    ...shared,
    ...pipelines
      .all()
      .filter(({ route }) => route.isFound)
      .flatMap(maintainedOf),
  ]
  try {
    await maintain(all, runtime, report, stopped)
  } finally {
    await share.close()
  }
}

function maintainedOf({ outputs: { all }, assigned, commits }: Running): MaintainedOutput[] {
  const isMine = () => assigned.has(FIRST_PARTITION) || (assigned.size > 0 && !assigned.values().every(isNumber))
  return all.map((output) => {
    const count = () => (output.held ? commits.withRejected : commits.all)
    return { output, isMine, commits: count }
  })
}

const FIRST_PARTITION = '0'
/** Kinesis does not number its shards. */
const isNumber = (id: string) => /^\d+$/.test(id)

/** Looks for topics that have come or gone until the signal. A look that fails is made again. */
async function lookForTopics(
  pipelines: Pipelines,
  source: Source,
  { findRoutes, limits: { everyMs } }: StreamOptions,
  runtime: Runtime,
  stopped: AbortSignal,
): Promise<void> {
  if (!findRoutes || !source.resubscribe) return
  const pauseMs = Math.min(LOOK_EVERY_MS.most, Math.max(LOOK_EVERY_MS.least, everyMs))
  while (!stopped.aborted) {
    await runtime.sleep(pauseMs, stopped).catch(() => {})
    if (stopped.aborted) return
    const routes = await findRoutes().catch(() => undefined)
    if (routes && (await pipelines.follow(routes))) await source.resubscribe(pipelines.topics())
  }
}

function count(totals: { -readonly [K in keyof StreamTotals]: number }, commit: CommittedEvent): void {
  totals.rows += commit.rows
  totals.quarantined += commit.quarantined
  totals.bytes += commit.bytes
  totals.commits++
}

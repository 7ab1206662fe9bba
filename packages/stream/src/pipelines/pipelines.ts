import { MillraceError } from '@millrace/base'
import type { Machine } from '@millrace/engine'
import { quarantinePath } from '@millrace/outputs'
import type { ObjectStore } from '@millrace/store'
import type { PartitionListener, Source } from '@millrace/transport'
import { createLimit } from '../epoch/limit.ts'
import type { OpenedOutputs } from '../open-outputs.ts'
import type { StreamOptions } from '../options.ts'
import { acknowledgeTogether } from '../progress/acknowledge.ts'
import { reportWaits, withRetries } from '../retry.ts'
import { refuseTakenTable } from '../routes/patterns.ts'
import type { Route } from '../routes/route.ts'
import { settleUnrecognized } from '../routes/unrecognized.ts'
import type { PipelineNews, WorkerEvent } from '../telemetry.ts'
import { assignPartitions } from './assign-partitions.ts'
import { datasetOf, type OpenedRoute, openRoute } from './open-route.ts'
import { createPipeline, type PipelineSettings } from './pipeline.ts'
import { createPipelineIndex, type PipelineIndex, type Running } from './pipeline-index.ts'
import { createPostponed, type Postponed } from './postponed.ts'
import { createRuns } from './runs.ts'

/** The pipelines of a worker. Those of topics that a pattern finds may come and go while it runs. */
export interface Pipelines {
  all(): readonly Running[]
  /** Those that write to a table. */
  of(table: string): readonly Running[]
  topics(): string[]
  readonly listener: Pick<PartitionListener, 'assigned' | 'revoked'>
  /** Opens the routes that the worker begins with. A failure is thrown, unless it is of a topic that a pattern found. */
  open(routes: readonly Route[], signal: AbortSignal): Promise<void>
  /** Takes over which routes there are now. Returns whether other topics are to be read. */
  follow(routes: readonly Route[]): Promise<boolean>
  /** Settles when all have ended. When one fails, the others stop too, unless it is of a topic that a pattern found. */
  run(signal: AbortSignal, untilCaughtUp: boolean): Promise<void>
}

export interface PipelinesContext {
  readonly options: StreamOptions
  readonly source: Source
  readonly store: ObjectStore
  readonly machine: Machine
  readonly settings: PipelineSettings
  readonly held: AsyncDisposableStack
  readonly report: (event: WorkerEvent) => void
  readonly reportNews: (dataset: string, news: PipelineNews, outputs: OpenedOutputs) => void
  readonly opened: (outputs: OpenedOutputs) => void
}

/** Opening a table reads and writes some objects, and a schema may have to be asked for. */
const OPENED_AT_ONCE = 8

export function createPipelines(context: PipelinesContext): Pipelines {
  const { options, report, store, machine } = context
  const index = createPipelineIndex()
  const postponed = createPostponed(report)
  const atOnce = createLimit(OPENED_AT_ONCE)
  const acknowledge = acknowledgeTogether(context.source, (topic) => index.readers(topic).length)
  const runs = createRuns()
  const assignment = assignPartitions(index)
  context.held.defer(() => closeFound(index))
  const add = (opened: OpenedRoute, held: AsyncDisposableStack) =>
    index.add(runningOf(opened, held, acknowledge(), context))
  const begin = (running: Running) => {
    runs.start(running)
    assignment.again(running)
  }
  const readOnWithoutGone = async (running: Running) => {
    const route = await routeWithoutGone(running, options)
    if (!route) return false
    index.remove(running)
    begin(add({ ...running, route }, running.held))
    await context.source.resubscribe?.(index.topics())
    return true
  }
  const leave = async (running: Running) => {
    const { dataset, table } = running.route
    index.remove(running)
    report({ what: 'left', dataset, table })
    await running.held.disposeAsync()
  }
  const openFound = async (route: Route) => {
    const held = new AsyncDisposableStack()
    try {
      const dataset = await datasetOf(route, options)
      const opened = dataset && (await openRoute(route, dataset, options, store, machine, held))
      if (opened) postponed.over(route.dataset)
      return opened && add(opened, held)
    } catch (error) {
      await held.disposeAsync()
      postponed.add(route, error)
      return undefined
    }
  }
  const openAllFound = async (routes: readonly Route[]) => {
    const opening = withFreeTables(routes, index.tables, postponed).map((route) => atOnce(() => openFound(route)))
    const fresh = (await Promise.all(opening)).filter((each) => each !== undefined)
    if (fresh.length > 0) report({ what: 'found', datasets: fresh.map(startedOf) })
    for (const running of fresh) {
      context.opened(running.outputs)
      begin(running)
    }
    return fresh.length > 0
  }
  return {
    all: index.all,
    of: (table) => [index.tables.get(table) ?? []].flat(),
    topics: index.topics,
    listener: assignment,
    async open(routes, signal) {
      const named = routes.filter(({ isFound }) => !isFound)
      const opened = await allOrFirstError(named, signal, (route, stopped) => openNamed(route, context, stopped))
      for (const { outputs } of opened) context.opened(outputs)
      const settled = await settleUnrecognized(opened, options.group)
      for (const [i, each] of opened.entries()) add({ ...each, kinds: settled[i] ?? each.kinds }, context.held)
      await openAllFound(routes.filter(({ isFound }) => isFound))
    },
    async follow(routes) {
      const { gone, changed, fresh } = changesIn(routes, index)
      for (const [running, topics] of changed) {
        index.setTopics(running, topics)
        report({ what: 'found', datasets: [{ ...startedOf(running), topics }] })
      }
      for (const running of gone) await runs.stop(running).then(() => leave(running))
      return (await openAllFound(fresh)) || gone.length > 0 || changed.length > 0
    },
    async run(signal, untilCaughtUp) {
      const failed = async (running: Running, error: unknown) => {
        if (!running.route.isFound) return !untilCaughtUp && isGone(error) && readOnWithoutGone(running)
        postponed.add(running.route, error)
        await leave(running)
        return untilCaughtUp || index.all().length > 0
      }
      await runs.run(index.all(), signal, untilCaughtUp, failed)
      if (untilCaughtUp) postponed.throwFirst()
    },
  }
}

/** Returns the routes whose tables are nobody else's, and neither another one's of these routes. */
function withFreeTables(routes: readonly Route[], tables: ReadonlyMap<string, unknown>, postponed: Postponed): Route[] {
  const taken = new Set(tables.keys())
  return routes.filter((route) => {
    try {
      refuseTakenTable(route, taken)
    } catch (error) {
      postponed.add(route, error)
      return false
    }
    taken.add(route.table).add(quarantinePath(route.table))
    return true
  })
}

async function openNamed(
  route: Route,
  { options, store, machine, held, report }: PipelinesContext,
  signal: AbortSignal,
): Promise<OpenedRoute> {
  const waiting = reportWaits((event) => report({ dataset: route.dataset, ...event }))
  // A registry that is asked for the data set may be down.
  const dataset = await withRetries(() => datasetOf(route, options), machine.runtime, signal, waiting)
  if (dataset) return openRoute(route, dataset, options, store, machine, held)
  throw new MillraceError('DATASET_INVALID', `nothing says what the records of topic ${route.topics.join()} are`, {
    next: 'Send records of JSON to the topic, or register a schema for it and name the registry.',
  })
}

function runningOf(
  { route, dataset, outputs, kinds }: OpenedRoute,
  held: AsyncDisposableStack,
  acknowledge: Source['acknowledge'],
  { options, source, machine, settings, reportNews }: PipelinesContext,
): Running {
  const { group, start, backFills = false } = options
  const commits = { all: 0, withRejected: 0 }
  const job = { source: { ...source, acknowledge }, dataset, group, outputs, kinds, start, backFills }
  const limits = { ...settings.limits, isOneOfMany: route.isFound ?? false }
  const pipeline = createPipeline(job, machine, { ...settings, limits }, (news) => {
    if (news.what === 'committed') {
      commits.all++
      if (news.quarantined > 0) commits.withRejected++
    }
    reportNews(route.dataset, news, outputs)
  })
  return {
    route,
    dataset,
    outputs,
    kinds,
    pipeline,
    held,
    commits,
    topics: new Set(),
    left: new Set(),
    assigned: new Set(),
  }
}

/** Closes the pipelines of topics that a pattern found, but for those that have left. */
async function closeFound(index: PipelineIndex): Promise<void> {
  await Promise.all(index.all().map(({ route, held }) => (route.isFound ? held.disposeAsync() : undefined)))
}

/** Whether a topic may be gone. */
function isGone(error: unknown): boolean {
  return error instanceof MillraceError && (error.code === 'SOURCE_CHANGED' || error.code === 'TOPIC_MISSING')
}

/** Returns the route with the topics that are there, where a pattern chose several of which one is gone. */
async function routeWithoutGone(
  { route, topics, left }: Running,
  { findRoutes }: StreamOptions,
): Promise<Route | undefined> {
  const now = (await findRoutes?.())?.find(({ dataset }) => dataset === route.dataset)
  return now && [...topics, ...left].some((topic) => !now.topics.includes(topic)) ? now : undefined
}

function startedOf({ route: { dataset, table, topics } }: Pick<Running, 'route'>) {
  return { dataset, table, topics }
}

function changesIn(routes: readonly Route[], index: PipelineIndex) {
  const now = new Map(routes.map((route) => [route.dataset, route]))
  const all = index.all()
  return {
    gone: all.filter(({ route }) => route.isFound && !now.has(route.dataset)),
    changed: all.flatMap((running) => {
      const topics = now.get(running.route.dataset)?.topics
      return topics && !sameTopics(running.topics, topics) ? [[running, topics] as const] : []
    }),
    fresh: routes.filter(({ dataset, isFound }) => isFound && !index.of(dataset)),
  }
}

function sameTopics(reading: ReadonlySet<string>, topics: readonly string[]): boolean {
  return reading.size === topics.length && topics.every((topic) => reading.has(topic))
}

/**
 * Waits for all of them, also when one fails: nothing is left that would go on behind our back. What waits for another try
 * to succeed is stopped then.
 */
async function allOrFirstError<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, stopped: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController()
  const stopped = AbortSignal.any([signal, failed.signal])
  const working = items.map(async (item) => {
    try {
      return await work(item, stopped)
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })
  await Promise.allSettled(working)
  failed.signal.throwIfAborted()
  return Promise.all(working)
}

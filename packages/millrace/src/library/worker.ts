import { MillraceError, systemRuntime } from '@millrace/base'
import type { OpenOutput } from '@millrace/outputs'
import type { ObjectStore } from '@millrace/store'
import type { StreamOptions, StreamTotals, WorkerEvent } from '@millrace/stream'
import type { OpenSource, StartPosition } from '@millrace/transport'
import type { Inferrer } from '../init/infer-dataset.ts'
import { tableNames } from '../settings/table-names.ts'
import { type DatasetDefinition, datasetOf } from './dataset.ts'

export interface WorkerOptions {
  /** An address such as kafka://host:9092, or a source of one's own. */
  readonly source: string | OpenSource
  /** An address such as ./lake or s3://bucket/prefix, or a store of one's own. */
  readonly lake: string | ObjectStore
  /** Objects, or names of what is in `datasetFolders`. */
  readonly datasets: readonly (DatasetDefinition | string)[]
  readonly datasetFolders?: readonly string[]
  /** The schema registry of data sets whose messages are Avro or Protobuf: https://host:8081. Its login is in the environment. */
  readonly registry?: string
  /**
   * Which topics hold which data set: those of its name unless said. A pattern stands between slashes, such as `/shop.+/`;
   * topics of the data set `*` have each a table of its own, those too that come while the worker runs.
   */
  readonly topics?: Readonly<Record<string, string | readonly string[]>>
  /** The data set whose rules hold for topics of `*` that have none of their own name; it is not read by itself. */
  readonly template?: string
  /** Infers a data set that nobody wrote, from its topic's schema in the registry or from its first records. */
  readonly infer?: boolean
  /** Tables that are not called as their data set is. */
  readonly tables?: Readonly<Record<string, string>>
  /**
   * Where clean rows go: addresses, such as `delta` (the lake's tables, also where nothing is said) or
   * postgres://host/database, cassandra://host/keyspace, archive:PLACE, and outputs of one's own. Rejected records go to the
   * lake all the same.
   */
  readonly outputs?: readonly (string | OpenOutput)[]
  /** The pipeline's name; its progress is kept under it. */
  readonly group?: string
  /** May begin in topics that another group puts into the same table: what both read is there twice then. */
  readonly allowsAnotherGroup?: boolean
  readonly member?: string
  /** Where the pipeline begins in a topic that it has never read. */
  readonly start?: StartPosition
  /** How often to commit. */
  readonly everyMs?: number
  /** Commits earlier when this many rows wait. */
  readonly maxRows?: number
  /** Commits a day to a table at most. */
  readonly dailyCommits?: number
}

export interface RunOptions {
  /** Commits everything that is there now, then ends. */
  readonly untilCaughtUp?: boolean
  /** Stops the worker as `stop` does. */
  readonly signal?: AbortSignal
}

export type EventName = WorkerEvent['what']

export interface Worker {
  /** Settles when the worker has stopped, or has caught up. A worker runs once. */
  run(options?: RunOptions): Promise<StreamTotals>
  /** Commits what has been read, then ends the run. Settles as `run` does. */
  stop(): Promise<StreamTotals | undefined>
  /** Calls back for each event of that name. Returns what ends it. */
  on<Name extends EventName>(
    name: Name,
    listener: (event: Extract<WorkerEvent, { readonly what: Name }>) => void,
  ): () => void
}

const DEFAULTS = { everyMs: 10_000, maxRows: 500_000, dailyCommits: 100_000 }

/** Larger ones take more memory and save no time. */
const BATCH_BYTES = 24 << 20

export function createWorker(options: WorkerOptions): Worker {
  const stopping = new AbortController()
  const listeners = new Set<readonly [EventName, (event: WorkerEvent) => void]>()
  let running: Promise<StreamTotals> | undefined
  return {
    run({ untilCaughtUp = false, signal } = {}) {
      if (running !== undefined)
        throw new MillraceError('USAGE', 'this worker has been run already', { next: 'Create another one.' })
      const either = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal
      running = runWorker(options, untilCaughtUp, (event) => emit(event, listeners), either)
      return running
    },
    async stop() {
      stopping.abort()
      return running
    },
    on(name, listener) {
      const entry = [name, listener as (event: WorkerEvent) => void] as const
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}

/** The work goes on whatever a listener throws: the process hears of that as of any error that nobody caught. */
function emit(event: WorkerEvent, listeners: Iterable<readonly [EventName, (event: WorkerEvent) => void]>): void {
  for (const [name, listener] of listeners) {
    if (name !== event.what) continue
    try {
      listener(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

async function runWorker(
  options: WorkerOptions,
  untilCaughtUp: boolean,
  onEvent: (event: WorkerEvent) => void,
  signal: AbortSignal,
): Promise<StreamTotals> {
  const { runStream } = await import('@millrace/stream')
  const inferrer = options.infer ? await inferrerOf(options) : undefined
  try {
    const inferring = inferrer && { inferDataset: inferrer.inferRoute(signal) }
    const streaming = await streamOptions(options, untilCaughtUp, onEvent)
    return await runStream({ ...streaming, ...inferring }, systemRuntime, signal)
  } finally {
    await inferrer?.[Symbol.asyncDispose]()
  }
}

async function inferrerOf({ source, registry }: WorkerOptions): Promise<Inferrer> {
  if (typeof source !== 'string') {
    throw new MillraceError('USAGE', "a data set can't be inferred from a source of one's own", {
      next: 'Give its data set, or the address of a source.',
    })
  }
  const { openInferrer } = await import('../init/infer-dataset.ts')
  return openInferrer(source, { registry, environment: process.env })
}

async function streamOptions(
  options: WorkerOptions,
  untilCaughtUp: boolean,
  onEvent: (event: WorkerEvent) => void,
): Promise<StreamOptions> {
  const { source, lake, datasetFolders = [], group = 'millrace', member, start = 'earliest' } = options
  const { allowsAnotherGroup = false } = options
  const formats = { registry: options.registry, environment: process.env }
  const limits = { ...DEFAULTS, ...onlyGiven(options, ['everyMs', 'maxRows', 'dailyCommits']) }
  return {
    source,
    lake,
    ...(await routesOf(options)),
    datasetFolders,
    formats,
    datasets: await Promise.all(
      options.datasets.flatMap((each) => (typeof each === 'string' ? [] : [datasetOf(each, formats)])),
    ),
    ...(options.outputs && { outputs: options.outputs }),
    group,
    allowsAnotherGroup,
    ...(member !== undefined && { member }),
    start,
    limits: { maxBytes: BATCH_BYTES, ...limits },
    untilCaughtUp,
    onEvent,
  }
}

async function routesOf({
  source,
  datasets,
  topics = {},
  tables = {},
  template,
}: WorkerOptions): Promise<Pick<StreamOptions, 'routes' | 'findRoutes'>> {
  const { findRoutes, hasPattern } = await import('@millrace/stream')
  const names = datasets.map((each) => (typeof each === 'string' ? each : each.name))
  const said = Object.fromEntries(Object.entries(topics).map(([dataset, of]) => [dataset, [of].flat()]))
  const given = names.filter((name) => name !== template)
  const wishes = { datasets: given, tableOf: tableNames({ tables }), ...(template !== undefined && { template }) }
  if (typeof source === 'string') {
    const find = () => findRoutes(source, { ...wishes, topics: said })
    return { routes: await find(), ...(hasPattern(said) && { findRoutes: find }) }
  }
  // Nobody can list the topics of a source of one's own.
  if (hasPattern(said)) {
    throw new MillraceError('USAGE', "the topics of a source of one's own can't be listed, so no pattern finds them", {
      next: 'Name the topics.',
    })
  }
  const own = Object.fromEntries(given.map((name) => [name, [name]]))
  return { routes: await findRoutes('', { ...wishes, topics: { ...own, ...said } }) }
}

function onlyGiven<T extends object, K extends keyof T>(
  from: T,
  keys: readonly K[],
): Partial<Record<K, NonNullable<T[K]>>> {
  const given = keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))
  return Object.fromEntries(given)
}

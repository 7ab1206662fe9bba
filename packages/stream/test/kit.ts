import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Runtime, systemRuntime } from '@millrace/base'
import { openScan, openTable, planScan } from '@millrace/delta'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import type { Format } from '@millrace/formats'
import { anchorLast, type Output, outputAt, type ReplayOptions } from '@millrace/outputs'
import { type ObjectStore, openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import type { StartPosition } from '@millrace/transport'
import { createLimit, type Limit } from '../src/epoch/limit.ts'
import { createBudget } from '../src/intake/budget.ts'
import { createPipeline } from '../src/pipelines/pipeline.ts'
import type { Kinds } from '../src/routes/kinds.ts'
import type { PipelineNews } from '../src/telemetry.ts'
import type { MemorySource, MemoryTopic } from './memory-source.ts'

/** A lake in a folder, and workers that can be killed at any named point of their work. */
export interface Kit {
  readonly store: ObjectStore
  startWorker(topic: MemoryTopic, options?: WorkerOptions): Promise<TestWorker>
  /** Values of a column of a table of the lake. */
  column(table: string, column: string): Promise<unknown[]>
  replayParts(crashAt?: CrashAt): Promise<ReplayOptions>
  close(): Promise<void>
}

export interface CrashAt {
  readonly point: string
  readonly time?: number
}

export interface WorkerOptions {
  readonly start?: StartPosition
  readonly group?: string
  readonly allowsAnotherGroup?: boolean
  readonly untilCaughtUp?: boolean
  readonly maxRows?: number
  readonly everyMs?: number
  readonly isOneOfMany?: boolean
  /** What bounds the statements of several workers. */
  readonly cleaning?: Limit
  /** Bound of the bytes that are between the source and the outputs. */
  readonly budgetBytes?: number
  readonly store?: ObjectStore
  readonly stopMs?: number
  /** What of the topic is the data set's, if not all. */
  readonly kinds?: Kinds
  /** How the messages are written, if not as JSON. */
  readonly format?: Format
  /** What else of the data set is another. */
  readonly rules?: Partial<Dataset>
  /** A row that this does not hold for goes to quarantine. */
  readonly onlyIf?: string
  readonly backFills?: boolean
  /** Addresses of outputs of messages beside the table. */
  readonly archives?: readonly string[]
  /** Dies at the n-th time that it passes this point. */
  readonly crashAt?: CrashAt
  /** Called at each point on the way. */
  readonly passing?: (point: string) => void
}

export interface TestWorker {
  readonly source: MemorySource
  /** Settles with what ended the worker. */
  readonly ended: Promise<'done' | Error>
  readonly waits: readonly string[]
  /** All that it told of itself. */
  readonly events: readonly PipelineNews[]
  /** Settles after so many batches were committed. */
  committed(batches: number): Promise<void>
  stop(): Promise<'done' | Error>
}

export class Crash extends Error {}

export const USERS = 'user'

/** A record of the user data set. */
export function userRecord(ind: number): string {
  return JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' })
}

export async function openKit(): Promise<Kit> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kit-'))
  const store = await openLake(join(folder, 'lake'))
  const engine = await openDuckDB({ files: 'all' })
  const stops: (() => Promise<unknown>)[] = []
  return {
    store,
    async startWorker(topic, options = {}) {
      const worker = await startWorker(topic, { store, ...options }, engine, folder)
      stops.push(worker.stop)
      return worker
    },
    async column(table, column) {
      const snapshot = await openTable({ store, path: table })
      if (!snapshot) return []
      const connection = await engine.connect()
      try {
        await using scan = await openScan(planScan(snapshot), connection)
        const reader = await connection.runAndReadAll(`SELECT ${column} FROM (${scan.sql}) ORDER BY ALL`)
        return reader.getRows().map(([value]) => value)
      } finally {
        connection.closeSync()
      }
    },
    replayParts: async (crashAt) => ({
      store,
      path: USERS,
      dataset: await userDataset(),
      engine,
      cleaner: createCleaner({ engine, workFolder: folder, runtime: systemRuntime }),
      workFolder: folder,
      runtime: crashingRuntime(crashAt === undefined ? {} : { crashAt }),
    }),
    async close() {
      for (const stop of stops) await stop()
      engine.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function userDataset(onlyIf?: string): Promise<Dataset> {
  const dataset = await loadDataset(USERS, [PINTEREST.datasets])
  if (onlyIf === undefined) return dataset
  return { ...dataset, expectations: [{ name: 'only-if', predicate: onlyIf, otherwise: 'quarantine' }] }
}

async function startWorker(
  topic: MemoryTopic,
  options: WorkerOptions & { readonly store: ObjectStore },
  engine: DuckDB,
  workFolder: string,
): Promise<TestWorker> {
  const source = topic.source()
  const stopper = new AbortController()
  const counter = commitCounter()
  const waits: string[] = []
  const events: PipelineNews[] = []
  const runtime = crashingRuntime(options)
  const { format, rules } = options
  const dataset = { ...(await userDataset(options.onlyIf)), ...(format && { format }), ...rules }
  const {
    store,
    group = 'test',
    allowsAnotherGroup = false,
    start = 'earliest',
    maxRows = 100_000,
    everyMs = 5,
    isOneOfMany = false,
  } = options
  const report = (news: PipelineNews) => {
    events.push(news)
    if (news.what === 'waits') waits.push(news.code)
    if (news.what === 'goes on') waits.push('on')
    if (news.what === 'committed') counter.count()
  }
  const machine = { engine, workFolder, runtime }
  const context = { store, table: USERS, dataset, group, allowsAnotherGroup, machine }
  const { archives = [], backFills = false } = options
  const [anchor, ...others] = await Promise.all(
    ['delta', 'quarantine', ...archives].map(async (address) =>
      (await outputAt(address)).open({ ...context, address }),
    ),
  )
  const outputs = anchorLast(anchor as Output, others, runtime, archives.length > 0 ? 'both' : 'rows')
  const kinds = new Map(options.kinds ? [[topic.name, options.kinds]] : [])
  const settings = {
    limits: { maxBytes: 1 << 20, maxRows, everyMs, isOneOfMany },
    budget: createBudget(options.budgetBytes ?? 8 << 20),
    cleaner: createCleaner(machine),
    cleaning: options.cleaning ?? createLimit(2),
    deadlines: { revokeMs: 20_000, stopMs: options.stopMs ?? 20_000 },
  }
  const pipeline = createPipeline(
    { source, dataset, group, outputs, kinds, start, backFills },
    machine,
    settings,
    report,
  )
  await source.subscribe([topic.name], {
    assigned: async (partitions) => pipeline.assign(partitions),
    revoked: (partitions) => pipeline.revoke(partitions),
  })
  const ended = pipeline.run(stopper.signal, options.untilCaughtUp ?? false).then(
    () => 'done' as const,
    (error: Error) => error,
  )
  return {
    source,
    ended,
    waits,
    events,
    committed: (batches) => Promise.race([counter.reached(batches), ended.then((end) => failUnless(end, 'done'))]),
    stop: () => {
      stopper.abort()
      return ended
    },
  }
}

function failUnless(end: 'done' | Error, wanted: 'done'): void {
  if (end !== wanted) throw end
}

function commitCounter() {
  let seen = 0
  let waiting: { readonly batches: number; readonly resolve: () => void }[] = []
  return {
    count() {
      seen++
      for (const { batches, resolve } of waiting) if (batches <= seen) resolve()
      waiting = waiting.filter(({ batches }) => batches > seen)
    },
    reached: (batches: number) =>
      new Promise<void>((resolve) => (batches <= seen ? resolve() : void waiting.push({ batches, resolve }))),
  }
}

function crashingRuntime({ crashAt, passing }: WorkerOptions): Runtime {
  let times = 0
  return {
    ...systemRuntime,
    crashPoint(point) {
      passing?.(point)
      if (point === crashAt?.point && ++times === (crashAt.time ?? 1)) throw new Crash(point)
    },
  }
}

import type { Runtime } from '@millrace/base'
import { openLake } from '@millrace/store'
import type { WorkerEvent } from '@millrace/stream'
import { condensed } from './condense.ts'
import { showToGroup } from './group.ts'
import { MARK_EVERY_MS } from './history.ts'
import type { Metrics } from './metrics.ts'
import type { Listen } from './server.ts'
import type { Access } from './token.ts'
import type { WorkerWatch } from './worker-watch.ts'

/** Serves the state of a worker over HTTP and publishes it to the other workers of its group. */
export interface Dashboard {
  on(event: WorkerEvent): void
  /** Resolves to the dashboard's address once it listens. */
  readonly ready: Promise<string>
  close(): Promise<void>
}

export interface DashboardOptions {
  readonly lake: string
  readonly listen: Listen
  readonly access?: Access
  readonly questionFolders: readonly string[]
  /** Returns the name of a data set's table. */
  readonly tableOf: (dataset: string) => string
}

/** Starts the dashboard. The worker does not wait for it. */
export function openDashboard(watch: WorkerWatch, options: DashboardOptions, runtime: Runtime): Dashboard {
  const stop = new AbortController()
  const early: WorkerEvent[] = []
  let metrics: Metrics | undefined
  const opening = open(watch, options, runtime, stop.signal, (made) => {
    metrics = made
    early.splice(0).forEach(made.on)
  })
  return {
    ready: opening.then(({ url }) => url),
    on(event) {
      if (metrics) metrics.on(event)
      else early.push(event)
    },
    async close() {
      stop.abort()
      await opening.then(({ close }) => close()).catch(() => {})
    },
  }
}

async function open(
  watch: WorkerWatch,
  { lake, listen, questionFolders, tableOf, access }: DashboardOptions,
  runtime: Runtime,
  stopped: AbortSignal,
  made: (metrics: Metrics) => void,
) {
  const [{ startServer }, { createMetrics }] = await Promise.all([import('./server.ts'), import('./metrics.ts')])
  const metrics = createMetrics(watch.state, runtime)
  made(metrics)
  const store = await openLake(lake)
  const server = await startServer(
    { watch, metrics, store, questionFolders, tableOf, runtime, ...(access && { access }) },
    listen,
  )
  const busy = [showToGroup(store, () => condensed(watch.state()), runtime, stopped), markOn(watch, runtime, stopped)]
  return { url: server.url, close: () => Promise.all([server.close(), ...busy]) }
}

async function markOn(watch: WorkerWatch, runtime: Runtime, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    watch.mark()
    await runtime.sleep(MARK_EVERY_MS, stopped).catch(() => {})
  }
}

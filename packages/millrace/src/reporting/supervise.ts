import { hostname } from 'node:os'
import { type Runtime, redact } from '@millrace/base'
import type { OutputSize } from '@millrace/outputs'
import type { OutputNews, WorkerEvent } from '@millrace/stream'
import { openDashboard, type WorkerIdentity, type WorkerWatch, watchWorker } from '@millrace/watch'
import packageJson from '../../package.json' with { type: 'json' }
import type { Io } from '../command.ts'
import { type ResolvedSettings, warningsOf } from '../settings/resolve.ts'
import { tableNames } from '../settings/table-names.ts'
import type { LogLevel } from './json-log.ts'
import { logReporter } from './log.ts'
import { partitionsInWords } from './partitions.ts'
import type { Reporter } from './reporter.ts'
import { topicsInWords } from './topics.ts'

/** All that looks at a worker from outside: the terminal or the log, and the dashboard. */
export interface Supervision {
  readonly reporter: Reporter
  readonly onEvent: (event: WorkerEvent) => void
  close(): Promise<void>
}

export async function superviseWorker(
  settings: ResolvedSettings,
  untilCaughtUp: boolean,
  io: Io,
  runtime: Runtime,
): Promise<Supervision> {
  const { values, origins } = settings
  const watch = watchWorker(identityOf(settings, runtime), runtime, { maxRefused: values.maxRefused })
  const reporter = await reporterFor(io, values.logLevel, watch, runtime)
  for (const warning of warningsOf(settings, ['source'], process.env)) reporter.warn(warning)
  // A worker that only catches up is gone before anybody has looked, unless somebody says otherwise.
  const isWanted = values.dashboard !== false && !(untilCaughtUp && origins.dashboard.kind === 'default')
  const listen = typeof values.dashboard === 'object' ? values.dashboard : 'usual'
  const { lake, questionFolders, hostNames, dashboardToken: token } = values
  const access = { hostNames, ...(token !== undefined && { token }) }
  const dashboard = isWanted
    ? openDashboard(watch, { lake, listen, questionFolders, tableOf: tableNames(values), access }, runtime)
    : undefined
  const ready = dashboard?.ready.then((url) => reporter.say(`dashboard ${url}`))
  if (listen !== 'usual') await ready
  // The default dashboard is optional: the worker runs without it.
  ready?.catch((error: Error) => reporter.say(`no dashboard: ${error.message}`))
  const reported = new Set<string>()
  const once = (words: string | undefined, report: (words: string) => void) => {
    if (words === undefined || reported.has(words)) return
    reported.add(words)
    report(words)
  }
  return {
    reporter,
    onEvent(said) {
      const event = withoutSecrets(said)
      watch.on(event)
      dashboard?.on(event)
      reporter.on(event)
      for (const news of newsOf(event, settings)) reporter.say(news)
      if (event.what === 'outputs')
        for (const output of event.outputs) once(outputInWords(event.dataset, output), reporter.say)
      if (event.what === 'table') {
        once(nullColumnsInWords(event.table), reporter.say)
        once(partitionsInWords(event.table), reporter.warn)
      }
      if (event.what === 'prepared') once(partitionsInWords(event), reporter.warn)
    },
    async close() {
      reporter.close()
      await dashboard?.close()
    },
  }
}

/** Loads what measures lines of a terminal only where there is one. */
async function reporterFor(io: Io, level: LogLevel, watch: WorkerWatch, runtime: Runtime): Promise<Reporter> {
  if (io.statusWidth === undefined) return logReporter(io.note, level, runtime.now)
  const { liveReporter } = await import('./live.ts')
  return liveReporter(io, watch, runtime)
}

/** The dashboard, its events and what is shared through the lake tell a failure in the words of whatever library. */
function withoutSecrets(event: WorkerEvent): WorkerEvent {
  if (event.what === 'waits') return { ...event, message: redact(event.message) }
  if (event.what === 'outputs') {
    const outputs = event.outputs.map(({ failure, ...output }) => ({
      ...output,
      ...(failure && { failure: { ...failure, message: redact(failure.message) } }),
    }))
    return { ...event, outputs }
  }
  if (event.what !== 'maintenance' || event.maintenance.outcome !== 'failed') return event
  return { ...event, maintenance: { ...event.maintenance, error: redact(String(event.maintenance.error)) } }
}

/** Returns news that is neither progress nor a problem. */
function newsOf(event: WorkerEvent, { values, origins }: ResolvedSettings): string[] {
  if (event.what === 'started') {
    return event.datasets.map(
      (each) => `${each.dataset} reads ${topicsInWords(each, values.topics?.[each.dataset] !== undefined)}`,
    )
  }
  if (event.what === 'known topic' && origins.start.kind !== 'default') {
    return [`${event.dataset} goes on in ${event.topic} where it was: --start is for what a pipeline has never read`]
  }
  if (event.what === 'unknown fields') {
    return [`${event.dataset}: fields that the data set does not know are left out: ${event.names.join(', ')}`]
  }
  if (event.what === 'paced') {
    return [
      `${event.dataset} commits every ${Math.round(event.everyMs)} ms now, for its commits a day: --daily-commits`,
    ]
  }
  return []
}

function outputInWords(dataset: string, { address, isDetached, partitionsBehind }: OutputNews): string | undefined {
  if (isDetached) return `${dataset}: ${address} is detached; attached again, it gets what it has missed`
  return partitionsBehind > 0 ? `${dataset}: ${address} is read for from where it is, behind the anchor` : undefined
}

function nullColumnsInWords({ table, nullColumns = [] }: OutputSize): string | undefined {
  if (nullColumns.length === 0) return undefined
  return `${table}: NULL in every new row, as --null-columns allows: ${nullColumns.join(', ')}`
}

function identityOf({ values }: ResolvedSettings, runtime: Runtime): WorkerIdentity {
  return {
    id: `${hostname()}-${process.pid}-${runtime.uuid().slice(0, 8)}`,
    group: values.group,
    host: hostname(),
    pid: process.pid,
    version: packageJson.version,
    startedAt: runtime.now(),
    source: redact(values.source),
    lake: redact(values.lake),
  }
}

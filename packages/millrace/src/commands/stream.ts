import { systemRuntime } from '@millrace/base'
import type { StreamOptions, StreamTotals, WorkerEvent } from '@millrace/stream'
import type { Command, Io, Run } from '../command.ts'
import type { Inferrer } from '../init/infer-dataset.ts'
import type { Reporter } from '../reporting/reporter.ts'
import { attachedOutputs } from '../settings/attached-outputs.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'
import { tableNames } from '../settings/table-names.ts'

/** Rate of the generator that feeds the embedded default, so that a first run shows records. */
const DEMO_RATE = 100

/** Maximum size of a batch: larger ones take more memory and save no time. */
const BATCH_BYTES = 24 << 20

const run: Run = async (settings, args, io) => {
  const { runStream } = await import('@millrace/stream')
  const { superviseWorker } = await import('../reporting/supervise.ts')
  const untilCaughtUp = args.switch('--until-caught-up')
  const demo = settings.origins.source.kind === 'default' && !untilCaughtUp
  const started = systemRuntime.monotonic()
  const stop = new AbortController()
  const signal = AbortSignal.any([io.signal, stop.signal])
  const { reporter, onEvent, close } = await superviseWorker(settings, untilCaughtUp, io, systemRuntime)
  const feeding = demo ? feed(settings, reporter, signal) : Promise.resolve()
  const inferrer = args.switch('--infer') ? await inferrerOf(settings) : undefined
  try {
    const allowsAnotherGroup = args.switch('--another-group')
    const options = {
      ...(await optionsOf(settings, untilCaughtUp, onEvent, inferrer, signal)),
      allowsAnotherGroup,
      backFills: args.switch('--back-fill'),
    }
    const streaming = runStream(options, systemRuntime, signal)
    const totals = await Promise.race([streaming, feeding.then(() => streaming)])
    report(totals, (systemRuntime.monotonic() - started) / 1000, args.switch('--json'), reporter, io)
  } finally {
    stop.abort()
    await Promise.allSettled([feeding, inferrer?.[Symbol.asyncDispose]()])
    await close()
  }
  return 0
}

async function inferrerOf({ values: { source, registry } }: ResolvedSettings): Promise<Inferrer> {
  const { openInferrer } = await import('../init/infer-dataset.ts')
  return openInferrer(source, { registry, environment: process.env })
}

async function optionsOf(
  { values }: ResolvedSettings,
  untilCaughtUp: boolean,
  onEvent: (event: WorkerEvent) => void,
  inferrer: Inferrer | undefined,
  signal: AbortSignal,
): Promise<StreamOptions> {
  const { findRoutes, hasPattern } = await import('@millrace/stream')
  const { source, lake, datasets, topics, template, member } = values
  const { attached, detached } = attachedOutputs(values)
  const formats = { registry: values.registry, environment: process.env }
  const wishes = { datasets, ...(topics && { topics }), ...(template && { template }), tableOf: tableNames(values) }
  const find = () => findRoutes(source, wishes)
  return {
    source,
    lake,
    outputs: attached,
    detached,
    routes: await find(),
    ...(hasPattern(topics ?? {}) && { findRoutes: find }),
    ...(inferrer && { inferDataset: inferrer.inferRoute(signal) }),
    datasetFolders: values.datasetFolders,
    formats,
    group: values.group,
    nullColumns: values.nullColumns,
    ...(member !== undefined && { member }),
    start: values.start,
    limits: {
      maxBytes: BATCH_BYTES,
      maxRows: values.maxRows,
      everyMs: values.every,
      dailyCommits: values.dailyCommits,
    },
    untilCaughtUp,
    onEvent,
  }
}

async function feed({ values }: ResolvedSettings, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const { source: to, lake, datasets, datasetFolders } = values
  reporter.say(`generator (${DEMO_RATE} records/s of each data set) → ${to} → ${lake}; Ctrl-C stops`)
  const seed = systemRuntime.now() % 2 ** 31
  const { ingest } = await import('@millrace/ingest')
  await ingest(
    { from: 'generator', to, datasets, datasetFolders, mode: 'random', seed, rate: DEMO_RATE },
    systemRuntime,
    signal,
  )
}

function report(totals: StreamTotals, seconds: number, json: boolean, reporter: Reporter, io: Io): void {
  const { rows, quarantined, bytes, commits } = totals
  const rowsPerSecond = Math.round(rows / seconds)
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  reporter.ended(totals, seconds)
  if (json) io.json({ rows, bytes, commits, seconds, rowsPerSecond, quarantined, peakRssBytes })
}

export const stream: Command = {
  about:
    'Reads a source, cleans its records and commits them to Delta tables, each record once. Ctrl-C stops it cleanly; the next start goes on where it was.',
  settings: [
    'source',
    'lake',
    'outputs',
    'detach',
    'datasets',
    'datasetFolders',
    'registry',
    'topics',
    'template',
    'tables',
    'nullColumns',
    'group',
    'member',
    'start',
    'every',
    'dailyCommits',
    'maxRows',
    'maxRefused',
    'dashboard',
    'hostNames',
    'logLevel',
  ],
  options: [
    { flag: '--until-caught-up', description: 'commit everything that is there now, then end' },
    {
      flag: '--another-group',
      description: 'begin in topics that another group puts into the same table, which doubles what both read',
    },
    {
      flag: '--infer',
      description: 'make up a data set that no folder has: a column for each field of its schema or first records',
    },
    {
      flag: '--back-fill',
      description: 'an output that is new begins with what the source still has, not where the others are',
    },
    { flag: '--json', description: 'end with one line of JSON: totals' },
  ],
  examples: [
    { command: 'millrace stream', does: 'the embedded default: nothing else needed' },
    { command: 'millrace stream --until-caught-up --json', does: 'commit what is there, print the totals' },
  ],
  logsWarnings: true,
  run,
}

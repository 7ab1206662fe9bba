import { systemRuntime } from '@millrace/base'
import type { StreamOptions, StreamTotals, WorkerEvent } from '@millrace/stream'
import type { Command, Io, Run } from '../command.ts'
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
  try {
    const allowsAnotherGroup = args.switch('--another-group')
    const options = {
      ...(await optionsOf(settings, untilCaughtUp, onEvent, args.switch('--infer'), signal)),
      allowsAnotherGroup,
      backFills: args.switch('--back-fill'),
    }
    const streaming = runStream(options, systemRuntime, signal)
    const totals = await Promise.race([streaming, feeding.then(() => streaming)])
    report(totals, (systemRuntime.monotonic() - started) / 1000, args.switch('--json'), reporter, io)
  } finally {
    stop.abort()
    await Promise.allSettled([feeding])
    await close()
  }
  return 0
}

async function optionsOf(
  { values }: ResolvedSettings,
  untilCaughtUp: boolean,
  onEvent: (event: WorkerEvent) => void,
  infer: boolean,
  signal: AbortSignal,
): Promise<StreamOptions> {
  const { findRoutes } = await import('@millrace/stream')
  const { source, lake, datasets, topics, member } = values
  const { attached, detached } = attachedOutputs(values)
  const formats = { registry: values.registry, environment: process.env }
  const routes = await findRoutes(source, { datasets, ...(topics && { topics }), tableOf: tableNames(values) })
  return {
    source,
    lake,
    outputs: attached,
    detached,
    routes,
    ...(infer && { datasets: await inferMissing(routes, values, formats, signal) }),
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

/** Infers the data sets that no folder has, each from its first topic. */
async function inferMissing(
  routes: StreamOptions['routes'],
  { source, datasetFolders }: ResolvedSettings['values'],
  formats: NonNullable<StreamOptions['formats']>,
  signal: AbortSignal,
): Promise<NonNullable<StreamOptions['datasets']>> {
  const [{ asDataset, inferDataset }, { datasetFolder }] = await Promise.all([
    import('../init/infer-dataset.ts'),
    import('@millrace/transform'),
  ])
  const missing = routes.filter(({ dataset }) => datasetFolder(dataset, datasetFolders) === undefined)
  return Promise.all(
    missing.map(async ({ dataset, topics: [topic = dataset] }) =>
      asDataset(dataset, await inferDataset({ source, topic, formats }, signal), formats),
    ),
  )
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

import { systemRuntime } from '@millrace/base'
import type { StreamOptions, StreamTotals, WorkerEvent } from '@millrace/stream'
import type { Command, Io, Run } from '../command.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'

/** What the embedded default makes for itself, so that a first look has something to see. */
const DEMO_POSTS_PER_SECOND = 100

const BATCH_BYTES = 64 << 20

const run: Run = async (settings, args, io) => {
  const { runStream } = await import('@millrace/stream')
  const untilCaughtUp = args.switch('--until-caught-up')
  const demo = settings.origins.source.kind === 'default' && !untilCaughtUp
  const started = systemRuntime.monotonic()
  const stop = new AbortController()
  const signal = AbortSignal.any([io.signal, stop.signal])
  const feeding = demo ? feed(settings, io, signal) : Promise.resolve()
  try {
    const streaming = runStream(await optionsOf(settings, untilCaughtUp, io), systemRuntime, signal)
    const totals = await Promise.race([streaming, feeding.then(() => streaming)])
    report(totals, (systemRuntime.monotonic() - started) / 1000, args.switch('--json'), io)
  } finally {
    stop.abort()
    await feeding
  }
  return 0
}

async function optionsOf(
  { values, origins }: ResolvedSettings,
  untilCaughtUp: boolean,
  io: Io,
): Promise<StreamOptions> {
  const { findRoutes } = await import('@millrace/stream')
  return {
    source: values.source,
    lake: values.lake,
    routes: await findRoutes(values.source, values.datasets, values.topics ?? {}),
    datasetFolders: values.datasetFolders,
    group: values.group,
    start: values.start,
    limits: { maxBytes: BATCH_BYTES, maxRows: values.maxRows, everyMs: values.every },
    untilCaughtUp,
    onEvent(event) {
      const line = sentence(event, origins.start.kind !== 'default')
      if (line !== undefined) io.note(line)
    },
  }
}

function sentence(event: WorkerEvent, startWasSaid: boolean): string | undefined {
  if (event.what === 'waits') return `${event.dataset} waits: ${event.message}`
  if (event.what === 'goes on') return `${event.dataset} goes on`
  if (event.what === 'known topic' && startWasSaid) {
    return `${event.dataset} goes on in ${event.topic} where it was: --start is for what a pipeline has never read`
  }
  if (event.what === 'care') {
    const { table, chore, outcome, error } = event.care
    return outcome === 'nothing to do' ? undefined : `${table}: ${chore} ${outcome}${error ? `: ${error}` : ''}`
  }
  if (event.what !== 'committed') return undefined
  const { dataset, rows, quarantined, bytes } = event
  const refused = quarantined === 0 ? '' : `, ${quarantined} into quarantine`
  return `committed ${dataset}: ${rows} rows${refused}, ${bytes} bytes of messages`
}

async function feed({ values }: ResolvedSettings, io: Io, signal: AbortSignal): Promise<void> {
  const { source: to, lake, datasets } = values
  io.note(`generator (${DEMO_POSTS_PER_SECOND} posts/s) → ${to} → ${lake}; Ctrl-C stops`)
  const seed = systemRuntime.now() % 2 ** 31
  const { ingest } = await import('@millrace/ingest')
  await ingest(
    { from: 'generator', to, datasets, mode: 'random', seed, rate: DEMO_POSTS_PER_SECOND },
    systemRuntime,
    signal,
  )
}

function report(totals: StreamTotals, seconds: number, json: boolean, io: Io): void {
  const { rows, quarantined, bytes, commits } = totals
  const rowsPerSecond = Math.round(rows / seconds)
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  if (json) io.json({ rows, bytes, commits, seconds, rowsPerSecond, quarantined, peakRssBytes })
  else io.note(`${rows} rows in ${commits} commits, ${seconds.toFixed(1)} s`)
}

export const stream: Command = {
  about:
    'Reads a source, cleans its records and commits them to Delta tables, each record once. Ctrl-C stops it cleanly; the next start goes on where it was.',
  settings: [
    'source',
    'lake',
    'datasets',
    'datasetFolders',
    'topics',
    'group',
    'start',
    'every',
    'maxRows',
    'dashboard',
  ],
  options: [
    { flag: '--until-caught-up', description: 'commit everything that is there now, then end' },
    { flag: '--json', description: 'end with one line of JSON: totals' },
  ],
  examples: [
    { command: 'millrace stream', does: 'the embedded default: nothing else needed' },
    { command: 'millrace stream --until-caught-up --json', does: 'commit what is there, print the totals' },
  ],
  run,
}

import { escapeControls, type Runtime } from '@millrace/base'
import type { WorkerEvent } from '@millrace/stream'
import { bytesInWords, countInWords, secondsInWords, type WorkerState, type WorkerWatch } from '@millrace/watch'
import type { Io } from '../command.ts'
import { cut } from '../terminal/cut.ts'
import type { Reporter } from './reporter.ts'

const REFRESH_MS = 1_000

/** For people at a screen: one calm line that says how it goes, and above it what they should not miss. */
export function liveReporter(io: Io, watch: WorkerWatch, runtime: Runtime): Reporter {
  const stop = new AbortController()
  const reported = { waiting: false, quarantined: 0 }
  const refresh = async () => {
    while (!stop.signal.aborted) {
      io.status(lineOf(watch.state(), io, runtime.now()))
      await runtime.sleep(REFRESH_MS, stop.signal).catch(() => {})
    }
    io.status('')
  }
  const refreshing = refresh()
  return {
    on(event) {
      const line = newsIn(event, reported)
      if (line !== undefined) io.note(escapeControls(line))
    },
    say: (words) => io.note(escapeControls(words)),
    warn: (words) => io.note(escapeControls(`warning: ${words}`)),
    ended({ rows, commits, quarantined }, seconds) {
      io.status('')
      const rejected = quarantined === 0 ? '' : `, ${countInWords(quarantined)} into quarantine`
      io.note(`${countInWords(rows)} rows in ${commits} commits, ${secondsInWords(seconds)}${rejected}`)
    },
    close() {
      stop.abort()
      void refreshing
      io.status('')
    },
  }
}

/** The status line shows the progress; above it are only notes that may need an action, and the first commit. */
function newsIn(event: WorkerEvent, reported: { waiting: boolean; quarantined: number }): string | undefined {
  switch (event.what) {
    case 'waits':
      if (reported.waiting) return undefined
      reported.waiting = true
      return `${event.dataset} waits: ${event.message}`
    case 'postponed':
      return `topic ${event.topic} can't be read: ${event.message}`
    case 'found':
      return event.datasets.length === 1
        ? `${event.datasets[0]?.dataset}: found by the pattern`
        : `${event.datasets.length} topics found by the pattern`
    case 'goes on':
      reported.waiting = false
      return `${event.dataset} goes on`
    case 'maintenance':
      return event.maintenance.outcome === 'failed'
        ? `${event.maintenance.table}: ${event.maintenance.task} failed: ${String(event.maintenance.error)}`
        : undefined
    case 'committed': {
      const isFirst = reported.quarantined === 0 && event.quarantined > 0
      reported.quarantined += event.quarantined
      const [reason] = event.reasons.keys()
      return isFirst ? `${event.dataset}: into quarantine: ${reason} (millrace quarantine list)` : undefined
    }
    default:
      return undefined
  }
}

const COLOURS: Readonly<Partial<Record<WorkerState['phase'], 'red' | 'yellow' | 'green'>>> = {
  stuck: 'red',
  waiting: 'yellow',
  rejecting: 'yellow',
  'caught up': 'green',
}

function lineOf(state: WorkerState, io: Io, now: number): string {
  const { phase, sentence, datasets, held } = state
  const rows = datasets.reduce((sum, { rates }) => sum + rates.rows, 0)
  const rejected = datasets.reduce((sum, { quarantine }) => sum + quarantine.total, 0)
  const last = datasets
    .flatMap(({ dataset, commits }) => commits.slice(0, 1).map((commit) => ({ dataset, ...commit })))
    .sort((a, b) => b.at - a.at)[0]
  const parts = [
    sentence,
    `${countInWords(rows)} rows/s`,
    last && `${last.dataset} v${last.version} ${secondsInWords((now - last.at) / 1000)} ago`,
    phase === 'catching up' ? `${bytesInWords(held.bytes)} held` : undefined,
    rejected > 0 ? `${countInWords(rejected)} in quarantine` : undefined,
  ]
  const words = escapeControls(parts.filter((part) => part !== undefined).join(' · '))
  const text = cut(words, (io.statusWidth ?? 80) - 3)
  return `${io.styleError(COLOURS[phase] ?? 'cyan', '●')} ${text}`
}

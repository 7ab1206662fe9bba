import { redact } from '@millrace/base'
import type { WorkerEvent } from '@millrace/stream'
import { type JsonLog, jsonLog, type LogLevel } from './json-log.ts'
import type { Reporter } from './reporter.ts'

/** A waiting step fails again every few seconds: the same wait is logged once a minute. */
const SAME_WAIT_MS = 60_000

/** Writes a line of JSON for each event. It never has the contents of a record. */
export function logReporter(write: (line: string) => void, level: LogLevel, now: () => number): Reporter {
  const log = jsonLog((line) => write(redact(line)), level, now)
  const waits = quietWaits(now)
  return {
    on: (event) => logEvent(event, log, waits),
    say: (words) => log.info({}, words),
    warn: (words) => log.warn({}, words),
    ended: ({ rows, quarantined, bytes, commits }, seconds) =>
      log.info({ event: 'ended', rows, quarantined, bytes, commits, seconds }, `${rows} rows in ${commits} commits`),
    close() {},
  }
}

function logEvent(event: WorkerEvent, log: JsonLog, isNewWait: (dataset: string, over?: true) => boolean): void {
  switch (event.what) {
    case 'started':
      log.info({ event: event.what, datasets: event.datasets }, 'started')
      break
    case 'found':
      logFound(event, log)
      break
    case 'left':
      log.info({ event: event.what, dataset: event.dataset, table: event.table }, `${event.dataset} is read no longer`)
      break
    case 'postponed':
      log.warn(
        { event: event.what, dataset: event.dataset, topic: event.topic, code: event.code },
        `topic ${event.topic} can't be read: ${event.message}`,
      )
      break
    case 'assigned':
    case 'revoked':
      logPartitions(event, log)
      break
    case 'committed':
      logCommit(event, log)
      break
    case 'waits':
      if (!isNewWait(event.dataset)) break
      log.warn(
        { event: event.what, dataset: event.dataset, code: event.code },
        `${event.dataset} waits: ${event.message}`,
      )
      break
    case 'goes on':
      isNewWait(event.dataset, true)
      log.info({ event: event.what, dataset: event.dataset }, `${event.dataset} goes on`)
      break
    case 'maintenance':
      logMaintenance(event.maintenance, log)
      break
    case 'stage':
      log.debug({ event: event.what, dataset: event.dataset, stage: event.stage, ms: Math.round(event.ms) })
      break
  }
}

type Of<What extends WorkerEvent['what']> = Extract<WorkerEvent, { what: What }>

function logFound({ what, datasets }: Of<'found'>, log: JsonLog): void {
  const topics = datasets.flatMap((each) => each.topics)
  log.info({ event: what, datasets: datasets.map(({ dataset }) => dataset) }, `topics found: ${topics.length}`)
}

function logPartitions({ dataset, what, partitions }: Of<'assigned' | 'revoked'>, log: JsonLog): void {
  if (partitions.length === 0) return
  const names = partitions.map(({ topic, id }) => `${topic}/${id}`)
  log.info({ event: what, dataset, partitions: names }, `${dataset}: partitions ${what}: ${names.length}`)
}

function logCommit({ what, ...commit }: Of<'committed'>, log: JsonLog): void {
  const { dataset, version, rows, filtered, quarantined, bytes, files, fileBytes, agesMs, reasons } = commit
  const oldestMs = agesMs.length === 0 ? undefined : Math.max(...agesMs)
  const figures = { version, rows, filtered, quarantined, bytes, files, fileBytes, oldestMs }
  log.info({ event: what, dataset, ...figures }, `committed ${dataset}: ${rows} rows`)
  if (quarantined === 0) return
  const counts = Object.fromEntries(reasons)
  log.warn({ event: 'quarantined', dataset, records: quarantined, reasons: counts }, `${quarantined} into quarantine`)
}

function logMaintenance({ table, task, outcome, ms, error }: Of<'maintenance'>['maintenance'], log: JsonLog): void {
  const figures = { event: 'maintenance', table, task, outcome, ms: Math.round(ms) }
  if (outcome === 'failed') log.warn(figures, `${table}: ${task} failed: ${String(error)}`)
  else log[outcome === 'done' ? 'info' : 'debug'](figures, `${table}: ${task} ${outcome}`)
}

function quietWaits(now: () => number): (dataset: string, over?: true) => boolean {
  const lastLogged = new Map<string, number>()
  return (dataset, over) => {
    if (over) return lastLogged.delete(dataset)
    if (now() - (lastLogged.get(dataset) ?? Number.NEGATIVE_INFINITY) < SAME_WAIT_MS) return false
    lastLogged.set(dataset, now())
    return true
  }
}

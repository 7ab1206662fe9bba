import type { Runtime } from '@millrace/base'
import type { CommittedEvent, WorkerEvent } from '@millrace/stream'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { leavesMore } from './book.ts'
import { METRICS, type MetricDefinition } from './metric-table.ts'
import { type DatasetState, PHASES, type TableState, type WorkerState } from './state.ts'

/** Metrics for Prometheus. Events update the counters; each scrape reads the gauges from the state. */
export interface Metrics {
  on(event: WorkerEvent): void
  /** Returns all metrics in Prometheus's text format. */
  text(): Promise<string>
  readonly contentType: string
}

const STAGE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const LATENCY_BUCKETS = [0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 900, 3600, 21_600, 86_400]

/** Bounds the reasons of one data set. Further reasons count as `other`. */
const MOST_REASONS = 50

/** Bounds the data sets with histograms of their own: one has eighty series. Those that come later count as `others`. */
const MOST_HISTOGRAMS = 40

export function createMetrics(state: () => WorkerState, runtime: Runtime): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const options = ({ name, help, labels }: MetricDefinition) => ({ name, help, labelNames: [...labels], registers })
  const counter = (definition: MetricDefinition) => new Counter<string>(options(definition))
  const gauge = (definition: MetricDefinition) => new Gauge<string>(options(definition))
  const histogram = (definition: MetricDefinition, buckets: number[]) =>
    new Histogram<string>({ ...options(definition), buckets })

  const counters = {
    recordsRead: counter(METRICS.recordsRead),
    bytesRead: counter(METRICS.bytesRead),
    rows: counter(METRICS.rows),
    commits: counter(METRICS.commits),
    files: counter(METRICS.files),
    fileBytes: counter(METRICS.fileBytes),
    filtered: counter(METRICS.filtered),
    quarantined: counter(METRICS.quarantined),
    failedTries: counter(METRICS.failedTries),
    maintenanceRuns: counter(METRICS.maintenanceRuns),
    cpu: counter(METRICS.cpu),
    stages: histogram(METRICS.stages, STAGE_BUCKETS),
    latency: histogram(METRICS.latency, LATENCY_BUCKETS),
  }
  const gauges = {
    info: gauge(METRICS.info),
    phase: gauge(METRICS.phase),
    lastCommit: gauge(METRICS.lastCommit),
    waiting: gauge(METRICS.waiting),
    outputAttached: gauge(METRICS.outputAttached),
    outputBehind: gauge(METRICS.outputBehind),
    outputFailing: gauge(METRICS.outputFailing),
    lagRecords: gauge(METRICS.lagRecords),
    lagSeconds: gauge(METRICS.lagSeconds),
    keptLog: gauge(METRICS.keptLog),
    held: gauge(METRICS.held),
    mostHeld: gauge(METRICS.mostHeld),
    tableVersion: gauge(METRICS.tableVersion),
    tableFiles: gauge(METRICS.tableFiles),
    tableBytes: gauge(METRICS.tableBytes),
    tableRows: gauge(METRICS.tableRows),
    maintenanceSuccess: gauge(METRICS.maintenanceSuccess),
    resident: gauge(METRICS.resident),
    started: gauge(METRICS.started),
  }
  const reasons = new Map<string, LabelOf>()
  const inHistograms = boundedLabels(MOST_HISTOGRAMS, 'others')
  return {
    contentType: registry.contentType,
    on(event) {
      if (event.what === 'started' || event.what === 'found')
        for (const { dataset } of event.datasets) showZeros(counters, dataset)
      if (event.what === 'read') {
        counters.recordsRead.inc({ dataset: event.dataset }, event.records)
        counters.bytesRead.inc({ dataset: event.dataset }, event.bytes)
        if (leavesMore(event))
          counters.stages.observe({ dataset: inHistograms(event.dataset), stage: 'fetch' }, event.ms / 1000)
      }
      if (event.what === 'stage') {
        counters.stages.observe({ dataset: inHistograms(event.dataset), stage: event.stage }, event.ms / 1000)
      }
      if (event.what === 'waits') counters.failedTries.inc({ dataset: event.dataset, code: event.code })
      if (event.what === 'maintenance') {
        const { table, task, outcome } = event.maintenance
        counters.maintenanceRuns.inc({ table, task, outcome })
      }
      if (event.what === 'committed') {
        countCommit(event, counters, reasons)
        const of = { dataset: inHistograms(event.dataset) }
        for (const age of event.agesMs) counters.latency.observe(of, age / 1000)
      }
    },
    async text() {
      const { user, system } = process.cpuUsage()
      counters.cpu.reset()
      counters.cpu.inc((user + system) / 1e6)
      fill(gauges, state(), runtime)
      return registry.metrics()
    },
  }
}

type LabelOf = (name: string) => string

/** Labels the first names by themselves, and all that come after them as the rest. */
function boundedLabels(most: number, rest: string): LabelOf {
  const known = new Set<string>()
  return (name) => {
    if (known.size < most) known.add(name)
    return known.has(name) ? name : rest
  }
}

type Counters = Readonly<Record<CounterName, Counter<string>>>
type CounterName = 'recordsRead' | 'bytesRead' | 'rows' | 'commits' | 'files' | 'fileBytes' | 'filtered' | 'quarantined'

/** Starts each series at 0. Otherwise rate() would not see its first event. */
function showZeros(counters: Counters & { readonly failedTries: Counter<string> }, dataset: string): void {
  const { recordsRead, bytesRead, rows, commits, files, fileBytes, filtered } = counters
  for (const each of [recordsRead, bytesRead, rows, commits, files, fileBytes, filtered]) each.inc({ dataset }, 0)
  for (const code of ['STORE_FAILED', 'SOURCE_UNREACHABLE']) counters.failedTries.inc({ dataset, code }, 0)
}

function countCommit(
  event: CommittedEvent & { readonly dataset: string },
  counters: Counters,
  reasons: Map<string, LabelOf>,
): void {
  const { dataset } = event
  counters.rows.inc({ dataset }, event.rows)
  counters.commits.inc({ dataset })
  counters.files.inc({ dataset }, event.files)
  counters.fileBytes.inc({ dataset }, event.fileBytes)
  counters.filtered.inc({ dataset }, event.filtered)
  const labelOf = reasons.get(dataset) ?? boundedLabels(MOST_REASONS, 'other')
  reasons.set(dataset, labelOf)
  for (const [reason, records] of event.reasons) counters.quarantined.inc({ dataset, reason: labelOf(reason) }, records)
}

type Gauges = Readonly<Record<GaugeName, Gauge<string>>>
type GaugeName =
  | (
      | 'info'
      | 'phase'
      | 'lastCommit'
      | 'waiting'
      | 'lagRecords'
      | 'lagSeconds'
      | 'keptLog'
      | 'held'
      | 'mostHeld'
      | 'resident'
    )
  | ('outputAttached' | 'outputBehind' | 'outputFailing')
  | ('tableVersion' | 'tableFiles' | 'tableBytes' | 'tableRows' | 'maintenanceSuccess' | 'started')

/** Resets and sets all gauges, so that a partition that moved to another worker disappears. */
function fill(gauges: Gauges, state: WorkerState, runtime: Runtime): void {
  for (const gauge of Object.values(gauges)) gauge.reset()
  const { group, id: worker, version, startedAt } = state.worker
  gauges.info.set({ group, worker, version }, 1)
  gauges.started.set(startedAt / 1000)
  gauges.resident.set(state.memory.rssBytes)
  gauges.mostHeld.set(state.held.mostBytes)
  for (const dataset of state.datasets) fillDataset(gauges, dataset, runtime.now())
  for (const table of state.tables) fillTable(gauges, table)
}

function fillDataset(gauges: Gauges, state: DatasetState, now: number): void {
  const { dataset, waiting, commits, held, partitions, outputs } = state
  for (const phase of PHASES) gauges.phase.set({ dataset, phase }, phase === state.phase ? 1 : 0)
  gauges.waiting.set({ dataset }, waiting ? (now - waiting.since) / 1000 : 0)
  gauges.held.set({ dataset }, held.bytes)
  if (commits[0]) gauges.lastCommit.set({ dataset }, commits[0].at / 1000)
  for (const { topic, id: partition, records, seconds, keptBytes } of partitions) {
    if (records !== undefined) gauges.lagRecords.set({ dataset, topic, partition }, records)
    gauges.lagSeconds.set({ dataset, topic, partition }, seconds)
    if (keptBytes !== undefined) gauges.keptLog.set({ dataset, topic, partition }, keptBytes)
  }
  for (const output of outputs) fillOutput(gauges, dataset, output)
}

function fillOutput(
  gauges: Gauges,
  dataset: string,
  { address: output, ...news }: DatasetState['outputs'][number],
): void {
  gauges.outputAttached.set({ dataset, output }, news.isDetached ? 0 : 1)
  if (news.isDetached) return
  if (news.behind !== undefined) gauges.outputBehind.set({ dataset, output }, news.behind)
  gauges.outputFailing.set({ dataset, output }, news.failure?.lasts ? 1 : 0)
}

function fillTable(gauges: Gauges, { table, version, files, bytes, rows, maintenance }: TableState): void {
  gauges.tableVersion.set({ table }, version)
  gauges.tableFiles.set({ table }, files)
  gauges.tableBytes.set({ table }, bytes)
  gauges.tableRows.set({ table }, rows)
  for (const { task, succeededAt } of maintenance) {
    if (succeededAt !== undefined) gauges.maintenanceSuccess.set({ table, task }, succeededAt / 1000)
  }
}

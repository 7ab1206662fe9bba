import type { Stage } from '@millrace/stream'
import { type ComponentChild, h } from 'preact'
import type { DatasetState, StageState, WorkerState } from '../state.ts'
import { bytesInWords, countInWords, exactCountInWords, namesInWords, secondsInWords } from '../words.ts'
import { bar, chip, panel } from './parts.ts'

const STAGES: readonly { readonly stage: Stage; readonly name: string; readonly does: string }[] = [
  { stage: 'fetch', name: 'fetch', does: 'blocks of bytes' },
  { stage: 'clean', name: 'clean + write', does: 'DuckDB into Parquet' },
  { stage: 'upload', name: 'upload', does: 'data files' },
  { stage: 'commit', name: 'commit', does: 'rows and progress' },
]
const SHOWN_DATASETS = 4

/** What flows where, how busy each stage is, and which one the others wait for. */
export function pipelinePanel({ datasets, held, worker }: WorkerState): ComponentChild {
  const sum = (of: (dataset: DatasetState) => number) => datasets.reduce((all, each) => all + of(each), 0)
  const read = `${countInWords(sum(({ rates }) => rates.readRecords))} records/s`
  const bytes = `${bytesInWords(sum(({ rates }) => rates.readBytes))}/s`
  const rows = `${countInWords(sum(({ rates }) => rates.rows))} rows/s`
  const batches = sum((dataset) => dataset.held.batches)
  const isMoving = sum(({ rates }) => rates.readRecords) >= 1
  const waits = datasets.some(({ waiting }) => waiting !== undefined)
  const flow = (...labels: string[]) => arrow(labels, waits ? 'waits' : isMoving ? 'moves' : '')
  const [fetch, clean, upload, commit] = STAGES.map((about) => stageBox(about, datasets))
  return panel(
    'pipeline',
    'Pipeline',
    summaryOf(datasets),
    h(
      'ol',
      { class: 'pipeline' },
      end('source', system(worker.source), [partitionsOf(datasets), ...leftOf(datasets)]),
      flow(read, bytes),
      fetch,
      flow(`${bytesInWords(held.bytes)} held`, `${batches} ${batches === 1 ? 'batch' : 'batches'}`),
      clean,
      flow(rows),
      upload,
      flow(),
      commit,
      flow(rows),
      end('tables', worker.lake.startsWith('s3:') ? 'lake on S3' : 'lake in a folder', [
        `${exactCountInWords(sum(({ totals }) => totals.rows))} rows`,
        `${exactCountInWords(sum(({ totals }) => totals.quarantined))} in quarantine`,
      ]),
    ),
  )
}

function summaryOf(datasets: readonly DatasetState[]): string {
  const waiting = datasets.filter((dataset) => dataset.waiting)
  if (waiting.length > 0) return `${names(waiting)}: tried again until it succeeds; nothing is lost`
  const held = datasets.filter(({ bottleneck }) => bottleneck !== undefined)
  if (held.length === 0) return 'no bottleneck: it waits for new records'
  const byStage = Map.groupBy(held, ({ bottleneck }) => bottleneck ?? 'fetch')
  return `bottleneck now: ${[...byStage].map(([stage, of]) => `${nameOf(stage)} (${names(of)})`).join(', ')}`
}

function stageBox({ stage, name, does }: (typeof STAGES)[number], datasets: readonly DatasetState[]): ComponentChild {
  const isBottleneck = datasets.some(({ bottleneck }) => bottleneck === stage)
  const shown = datasets
    .map((dataset, index) => ({
      index,
      name: dataset.dataset,
      at: dataset.stages.find((each) => each.stage === stage),
    }))
    .sort((a, b) => (b.at?.busy ?? 0) - (a.at?.busy ?? 0))
    .slice(0, SHOWN_DATASETS)
    .sort((a, b) => a.index - b.index)
  return h(
    'li',
    { class: isBottleneck ? 'stage bottleneck' : 'stage' },
    h('h3', {}, name, isBottleneck ? h('span', { class: 'badge' }, 'bottleneck') : null),
    h('p', { class: 'note' }, does),
    h(
      'ul',
      { class: 'busy' },
      ...shown.map(({ index, name: dataset, at }) =>
        h(
          'li',
          {},
          h('span', {}, chip(index), dataset),
          h('span', { class: 'busy-figure' }, busyInWords(at)),
          bar(at?.busy ?? 0, `series-${index % 6}`),
        ),
      ),
    ),
  )
}

function end(kind: string, name: string, lines: readonly ComponentChild[]): ComponentChild {
  return h('li', { class: `end ${kind}` }, h('h3', {}, name), ...lines.map((line) => h('p', {}, line)))
}

function arrow(labels: readonly string[], kind: string): ComponentChild {
  const line = h(
    'svg',
    { viewBox: '0 0 60 12', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { class: 'flow-line', d: 'M0 6H54' }),
    h('path', { class: 'flow-head', d: 'M50 1.5L58 6L50 10.5' }),
  )
  return h('li', { class: `flow ${kind}` }, line, ...labels.map((label) => h('p', {}, label)))
}

function partitionsOf(datasets: readonly DatasetState[]): string {
  const count = datasets.reduce((all, { partitions }) => all + partitions.length, 0)
  return `${exactCountInWords(count)} ${count === 1 ? 'partition' : 'partitions'}`
}

function leftOf(datasets: readonly DatasetState[]): string[] {
  const lags = datasets.flatMap(({ lag }) => lag.records ?? [])
  if (lags.length < datasets.length || lags.length === 0) return []
  return [`${countInWords(lags.reduce((all, each) => all + each, 0))} to commit`]
}

const SYSTEMS: Readonly<Record<string, string>> = { kafka: 'Kafka', kinesis: 'Kinesis', embedded: 'embedded store' }

function system(source: string): string {
  return SYSTEMS[source.split(':')[0] ?? ''] ?? 'source'
}

function nameOf(stage: Stage): string {
  return STAGES.find((each) => each.stage === stage)?.name ?? stage
}

function names(datasets: readonly DatasetState[]): string {
  return namesInWords(datasets.map(({ dataset }) => dataset))
}

function busyInWords(at: StageState | undefined): string {
  return at === undefined || at.meanMs === 0 ? '–' : `${share(at.busy)} · ${milliseconds(at.meanMs)}`
}

function share(busy: number): string {
  return busy > 0 && busy < 0.005 ? '<1%' : `${Math.round(100 * busy)}%`
}

const milliseconds = (ms: number) =>
  ms < 1000 ? `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms` : secondsInWords(ms / 1000)

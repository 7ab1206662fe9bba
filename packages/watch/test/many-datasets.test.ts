import type { PipelineEvent, WorkerEvent } from '@millrace/stream'
import { expect, it } from 'vitest'
import { condensed, MOST_SHOWN } from '../src/condense.ts'
import { watchWorker } from '../src/index.ts'
import { createMetrics } from '../src/metrics.ts'
import { committed, handClock, WORKER } from './kit.ts'

const MANY = 1000
const name = (i: number) => `shop.t${String(i).padStart(4, '0')}`

function watchMany() {
  const { runtime } = handClock()
  const watch = watchWorker(WORKER, runtime, { maxRefused: 0.1 })
  watch.on({ what: 'started', datasets: [], mostBytesHeld: 1 << 20 })
  const datasets = Array.from({ length: MANY }, (_, i) => ({ dataset: name(i), table: name(i), topics: [name(i)] }))
  watch.on({ what: 'found', datasets })
  const on = (i: number, event: object) => watch.on({ dataset: name(i), ...event } as PipelineEvent)
  for (let i = 0; i < MANY; i++) {
    const partition = { topic: name(i), identity: 'x', id: '0' }
    on(i, { what: 'assigned', partitions: [partition] })
    on(i, {
      what: 'read',
      partition,
      records: 2,
      bytes: 10,
      firstTime: runtime.now() - i,
      behind: { records: 0 },
      ms: 1,
    })
    watch.on({ what: 'table', table: { table: name(i), version: 1, files: 2, bytes: 3, rows: 4 } })
  }
  on(500, { what: 'waits', code: 'STORE_FAILED', message: 'no' })
  return watch
}

it('of a thousand data sets those are shown that need attention most, and the sums stay those of all', () => {
  const watch = watchMany()
  const { datasets, tables } = condensed(watch.state())
  expect(datasets).toHaveLength(MOST_SHOWN + 1)
  expect(datasets.slice(0, 3).map(({ dataset }) => dataset)).toEqual([name(500), name(999), name(998)])
  expect(datasets.at(-1)).toMatchObject({ dataset: '960 others', totals: { readRecords: 1920 } })
  expect(datasets.reduce((sum, { totals }) => sum + totals.readRecords, 0)).toBe(2 * MANY)
  expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(4 * MANY)
  // What a page is told each second is bounded.
  expect(JSON.stringify(condensed(watch.state())).length).toBeLessThan(250_000)
})

it('of tables that are one entry it is said what failed, and of which', () => {
  const watch = watchMany()
  const done = (i: number, error?: string) =>
    watch.on({
      what: 'maintenance',
      maintenance: { table: name(i), task: 'optimize', outcome: error ? 'failed' : 'done', ms: 1, error },
    })
  done(1)
  done(2, 'no room')
  done(3)
  const others = condensed(watch.state()).tables.at(-1)
  expect(others).toMatchObject({ table: '960 others', maintenance: [{ error: `${name(2)}: no room` }] })
})

it('the sentence names a few of many', () => {
  const watch = watchMany()
  const asked = 'the schema registry http://registry:8081 answers /schemas/ids/7 with HTTP 503'
  for (let i = 0; i < MANY; i++)
    watch.on({ dataset: name(i), what: 'waits', code: 'SOURCE_UNREACHABLE', message: asked })
  expect(watch.state().sentence).toMatch(/^waiting for the schema registry: 503 since/)
  for (let i = 0; i < MANY; i++) {
    watch.on({ dataset: name(i), what: 'goes on' })
    const reasons = new Map([['not JSON', 50]])
    watch.on({ ...committed({ rows: 50, quarantined: 50, reasons }), dataset: name(i) } as WorkerEvent)
  }
  const { phase, sentence } = watch.state()
  expect(phase).toBe('rejecting')
  expect(sentence).toMatch(/^rejecting: of the records of shop.t0000 50 % .*; and of 997 more data sets$/)
})

it('of those that are one entry it is said which one waits', () => {
  const watch = watchMany()
  const waitingOf = () => condensed(watch.state(), 't0007').datasets.at(-1)?.waiting?.message
  expect(waitingOf()).toBe(`${name(500)}: no`)
  watch.on({ dataset: name(600), what: 'waits', code: 'STORE_FAILED', message: 'no' } as PipelineEvent)
  expect(waitingOf()).toBe(`${name(500)} and 1 more: no`)
})

it('a search shows what it finds by name, whatever its state, and the rest as one', () => {
  const { datasets } = condensed(watchMany().state(), 'T0007')
  expect(datasets.map(({ dataset }) => dataset)).toEqual([name(7), '999 others'])
})

it('the charts of many data sets have one line, and a topic that is gone has none of its figures left', () => {
  const watch = watchMany()
  watch.mark()
  expect(watch.history()[0]?.datasets.map(({ dataset }) => dataset)).toEqual(['all data sets'])
  watch.on({ what: 'left', dataset: name(0), table: name(0) })
  watch.on({ what: 'postponed', dataset: 'odd', topic: 'odd', code: 'DATASET_INVALID', message: 'why' })
  const state = watch.state()
  expect(state.datasets.some(({ dataset }) => dataset === name(0))).toBe(false)
  expect(state.tables).toHaveLength(MANY - 1)
  expect(state.postponed).toMatchObject([{ topic: 'odd', message: 'why' }])
})

it('a scrape of a thousand data sets is bounded: all have counters and gauges, and forty have histograms', async () => {
  const { runtime } = handClock()
  const watch = watchMany()
  const metrics = createMetrics(watch.state, runtime)
  const on = (event: WorkerEvent) => {
    watch.on(event)
    metrics.on(event)
  }
  const all = Array.from({ length: MANY }, (_, i) => name(i))
  on({ what: 'found', datasets: all.map((dataset) => ({ dataset, table: dataset, topics: [dataset] })) })
  for (const dataset of all) {
    for (const stage of ['clean', 'upload', 'commit'] as const) on({ dataset, what: 'stage', stage, ms: 5 })
    on({ ...committed({ agesMs: [400, 600] }), dataset } as WorkerEvent)
    for (const task of ['checkpoint', 'optimize', 'clean log', 'vacuum'] as const)
      on({ what: 'maintenance', maintenance: { table: dataset, task, outcome: 'done', ms: 1 } })
  }
  const text = await metrics.text()
  const samples = (of: string) => text.split('\n').filter((line) => line.startsWith(of))
  expect(samples('millrace_commits_total{')).toHaveLength(MANY)
  expect(samples('millrace_lag_seconds{')).toHaveLength(MANY)
  const counts = samples('millrace_produce_to_commit_seconds_count{')
  expect(counts).toHaveLength(41)
  expect(counts.at(-1)).toBe('millrace_produce_to_commit_seconds_count{dataset="others"} 1920')
  expect(Buffer.byteLength(text)).toBeLessThan(3_000_000)
})

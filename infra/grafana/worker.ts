import { type Dashboard, DashboardBuilder, DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { chart, figure } from './panels.ts'

const WINDOW = '$__rate_interval'

/** What the workers do: how much, how far behind, where the time goes, what is rejected. */
export function workerDashboard(): Dashboard {
  const board = new DashboardBuilder('Millrace workers')
    .uid('millrace-workers')
    .tags(['millrace'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
  for (const panel of [...figures(), ...charts(), ...troubles()]) board.withPanel(panel)
  return board.build()
}

function figures() {
  return [
    figure(
      {
        title: 'Rows a second',
        about: 'Committed to the clean tables, all workers together.',
        unit: 'rowsps',
        lines: { rows: `sum(rate(millrace_committed_rows_total[${WINDOW}]))` },
      },
      6,
    ),
    figure(
      {
        title: 'Behind',
        about: 'Age of the oldest record that is not committed.',
        unit: 's',
        lines: { behind: 'max(millrace_lag_seconds)' },
      },
      6,
    ),
    figure(
      {
        title: 'In phases',
        about: 'Data sets by what they do just now.',
        unit: 'none',
        lines: { '{{phase}}': 'sum by (phase) (millrace_worker_phase) > 0' },
      },
      6,
    ),
    figure(
      {
        title: 'Into quarantine, last hour',
        about: 'Records that may not enter their table.',
        unit: 'none',
        lines: { records: 'sum(increase(millrace_quarantined_records_total[1h]))' },
      },
      6,
    ),
  ]
}

function charts() {
  return [
    chart(
      {
        title: 'Throughput',
        about: 'Rows committed a second.',
        unit: 'rowsps',
        lines: { '{{dataset}}': `sum by (dataset) (rate(millrace_committed_rows_total[${WINDOW}]))` },
      },
      12,
    ),
    chart(
      {
        title: 'Read',
        about: 'Bytes of messages a second.',
        unit: 'Bps',
        lines: { '{{dataset}}': `sum by (dataset) (rate(millrace_read_bytes_total[${WINDOW}]))` },
      },
      12,
    ),
    chart(
      {
        title: 'Lag in seconds',
        about: 'Goes up and down by the commit interval while all is well.',
        unit: 's',
        lines: { '{{dataset}}': 'max by (dataset) (millrace_lag_seconds)' },
      },
      12,
    ),
    chart(
      {
        title: 'Lag in records',
        about: 'What the sources have and the tables have not. Kinesis does not count.',
        unit: 'short',
        lines: { '{{dataset}}': 'sum by (dataset) (millrace_lag_records)' },
      },
      12,
    ),
    chart(
      {
        title: 'From produced to committed',
        about: 'Age of records at their commit.',
        unit: 's',
        lines: { 'half of {{dataset}}': latency(0.5), '99 of 100 of {{dataset}}': latency(0.99) },
      },
      12,
    ),
    chart(
      {
        title: 'Where the time goes',
        about: 'Seconds of each stage by the second: the largest one holds the others up.',
        unit: 's',
        lines: {
          '{{dataset}} {{stage}}': `sum by (dataset, stage) (rate(millrace_stage_duration_seconds_sum[${WINDOW}]))`,
        },
      },
      12,
    ),
  ]
}

function troubles() {
  return [
    chart(
      {
        title: 'Into quarantine',
        about: 'Records a second, by reason.',
        unit: 'short',
        lines: {
          '{{dataset}}: {{reason}}': `sum by (dataset, reason) (rate(millrace_quarantined_records_total[${WINDOW}]))`,
        },
      },
      12,
    ),
    chart(
      {
        title: 'Tries that failed',
        about: 'Each is made again until it succeeds.',
        unit: 'short',
        lines: { '{{dataset}} {{code}}': `sum by (dataset, code) (rate(millrace_failed_tries_total[${WINDOW}]))` },
      },
      12,
    ),
    chart(
      {
        title: 'Memory',
        about: 'Resident memory of each worker, and what it holds of messages.',
        unit: 'bytes',
        lines: {
          'resident {{instance}}': 'process_resident_memory_bytes{job="millrace"}',
          'held {{instance}}': 'sum by (instance) (millrace_held_bytes)',
        },
      },
      12,
    ),
    chart(
      {
        title: 'CPU',
        about: 'Cores in use.',
        unit: 'none',
        lines: { '{{instance}}': `rate(process_cpu_seconds_total{job="millrace"}[${WINDOW}])` },
      },
      12,
    ),
  ]
}

function latency(share: number): string {
  const buckets = `sum by (dataset, le) (rate(millrace_produce_to_commit_seconds_bucket[${WINDOW}]))`
  return `histogram_quantile(${share}, ${buckets})`
}

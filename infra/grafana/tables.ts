import { type Dashboard, DashboardBuilder, DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { chart } from './panels.ts'

/** How the tables fare: how large they are, how they grow, whether their maintenance runs. */
export function tableDashboard(): Dashboard {
  const board = new DashboardBuilder('Millrace tables')
    .uid('millrace-tables')
    .tags(['millrace'])
    .refresh('30s')
    .time({ from: 'now-24h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
  for (const panel of panels()) board.withPanel(panel)
  return board.build()
}

function panels() {
  return [
    chart({ title: 'Rows', about: "By the files' statistics.", unit: 'short', lines: newest('rows') }, 12),
    chart({ title: 'Size', about: 'Bytes of data files.', unit: 'bytes', lines: newest('bytes') }, 12),
    chart({ title: 'Files', about: 'Many small ones wait to be packed.', unit: 'short', lines: newest('files') }, 12),
    chart(
      {
        title: 'Commits a minute',
        about: 'By our workers.',
        unit: 'short',
        lines: { '{{dataset}}': '60 * sum by (dataset) (rate(millrace_commits_total[$__rate_interval]))' },
      },
      12,
    ),
    chart(
      {
        title: 'Since the last maintenance',
        about: 'Since each task last ran well, whether or not there was anything to do.',
        unit: 's',
        lines: {
          '{{table}} {{task}}': 'time() - max by (table, task) (millrace_maintenance_last_success_timestamp_seconds)',
        },
      },
      12,
    ),
    chart(
      {
        title: 'Maintenance',
        about: 'Runs in an hour, by what came of them.',
        unit: 'short',
        lines: { '{{task}} {{outcome}}': 'sum by (task, outcome) (increase(millrace_maintenance_runs_total[1h]))' },
      },
      12,
    ),
  ]
}

/** Each worker reports what it has seen: the newest report is right. */
function newest(what: 'rows' | 'bytes' | 'files') {
  return { '{{table}}': `max by (table) (millrace_table_${what})` }
}

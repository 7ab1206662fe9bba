import type { ComponentChild } from 'preact'
import type { WorkerBrief } from '../group.ts'
import type { WorkerState } from '../state.ts'
import { agoInWords, bytesInWords, countInWords, exactCountInWords, secondsInWords } from '../words.ts'
import { phaseMark } from './datasets.ts'
import { type Column, hint, panel, table } from './parts.ts'

/** All workers of the group, as they show themselves in the lake. */
export function workersPanel({ worker, at }: WorkerState, group: readonly WorkerBrief[]): ComponentChild {
  if (group.length === 0) return panel('workers', 'Workers', '', hint('Nothing was heard of the group yet.'))
  const sum = ({ datasets }: WorkerBrief, of: (dataset: WorkerBrief['datasets'][number]) => number) =>
    datasets.reduce((all, each) => all + of(each), 0)
  const columns: Column<WorkerBrief>[] = [
    {
      head: 'Worker',
      cell: ({ worker: { id, host, pid } }) => `${host}, process ${pid}${id === worker.id ? ' (this one)' : ''}`,
    },
    { head: 'State', cell: ({ phase }) => phaseMark(phase) },
    { head: 'Says', cell: ({ sentence }) => sentence },
    {
      head: 'Partitions',
      isNumber: true,
      cell: (brief) => exactCountInWords(sum(brief, ({ partitions }) => partitions)),
    },
    { head: 'Rows/s', isNumber: true, cell: (brief) => countInWords(sum(brief, ({ rates }) => rates.rows)) },
    { head: 'Rows', isNumber: true, cell: (brief) => exactCountInWords(sum(brief, ({ totals }) => totals.rows)) },
    {
      head: 'Behind',
      isNumber: true,
      cell: ({ datasets }) => secondsInWords(Math.max(0, ...datasets.map(({ lag }) => lag.seconds))),
    },
    { head: 'Memory', isNumber: true, cell: ({ rssBytes }) => bytesInWords(rssBytes) },
    { head: 'Heard of', isNumber: true, cell: (brief) => agoInWords(brief.at, Math.max(at, brief.at)) },
  ]
  const rate = group.reduce((all, brief) => all + sum(brief, ({ rates }) => rates.rows), 0)
  const rows = group.reduce((all, brief) => all + sum(brief, ({ totals }) => totals.rows), 0)
  const together = group.length === 1 ? '' : `, together ${countInWords(rate)} rows/s, ${countInWords(rows)} rows`
  return panel(
    'workers',
    'Workers',
    `${group.length} in the group ${worker.group}${together}`,
    table('Workers', columns, group, (brief) => brief.worker.id),
  )
}

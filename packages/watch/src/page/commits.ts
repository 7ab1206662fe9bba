import type { ComponentChild } from 'preact'
import type { CommitState, WorkerState } from '../state.ts'
import { agoInWords, bytesInWords, exactCountInWords } from '../words.ts'
import { type Column, hint, panel, table } from './parts.ts'

type NamedCommit = CommitState & { readonly table: string }

const SHOWN = 12

/** The newest commits of all tables. */
export function commitsPanel({ datasets, at }: WorkerState): ComponentChild {
  const commits = datasets
    .flatMap((dataset) => dataset.commits.map((commit) => ({ table: dataset.table, ...commit })))
    .sort((a, b) => b.at - a.at)
    .slice(0, SHOWN)
  const columns: Column<NamedCommit>[] = [
    { head: 'Table', cell: ({ table }) => table },
    { head: 'Version', isNumber: true, cell: ({ version }) => exactCountInWords(version) },
    { head: 'When', isNumber: true, cell: (commit) => agoInWords(commit.at, at) },
    { head: 'Rows', isNumber: true, cell: ({ rows }) => exactCountInWords(rows) },
    { head: 'Rejected', isNumber: true, cell: ({ quarantined }) => exactCountInWords(quarantined) },
    { head: 'Files', isNumber: true, cell: ({ files }) => exactCountInWords(files) },
    { head: 'Size', isNumber: true, cell: ({ fileBytes }) => bytesInWords(fileBytes) },
  ]
  if (commits.length === 0) return panel('commits', 'Commits', '', hint('None since the worker started.'))
  const shown = table('Commits', columns, commits, ({ table, version }) => `${table} ${version}`)
  return panel('commits', 'Commits', `the newest ${commits.length}`, shown)
}

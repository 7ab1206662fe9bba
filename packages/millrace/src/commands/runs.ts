import type { ListedRun } from '@millrace/batch'
import type { Command, Run } from '../command.ts'

const run: Run = async ({ values }, args, io) => {
  const { listRuns } = await import('@millrace/batch')
  const runs = (await listRuns(values.lake)).map(described)
  if (args.switch('--json')) io.json(runs)
  else
    await io.table(
      COLUMNS,
      runs.map((each) => COLUMNS.map((column) => each[column])),
    )
  return 0
}

const COLUMNS = ['date', 'attempt', 'state', 'started', 'finished', 'records', 'rows', 'rejected', 'source'] as const

function described({ date, attempt, record }: ListedRun) {
  const total = (count: 'records' | 'rows' | 'rejected') =>
    record?.tables.reduce((sum, table) => sum + table[count], 0) ?? null
  return {
    date,
    attempt,
    state: record ? 'finished' : 'unfinished',
    started: record ? new Date(record.started).toISOString() : null,
    finished: record ? new Date(record.finished).toISOString() : null,
    records: total('records'),
    rows: total('rows'),
    rejected: total('rejected'),
    source: record?.source ?? null,
    tables: record?.tables ?? [],
    steps: record?.steps ?? [],
    versions: record?.versions ?? {},
  }
}

export const runs: Command = {
  about: 'Lists the daily runs of the lake, the newest first; one that was left unfinished is finished by the next.',
  settings: ['lake'],
  options: [{ flag: '--json', description: 'as an array of objects, with what became of each table and each step' }],
  examples: [{ command: 'millrace runs', does: 'what was done, and when?' }],
  run,
}

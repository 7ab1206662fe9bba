import { MillraceError, systemRuntime } from '@millrace/base'
import type { BatchOptions, BatchResult } from '@millrace/batch'
import type { Arguments } from '../arguments.ts'
import type { Command, Io, Run } from '../command.ts'
import { partitionsInWords } from '../reporting/partitions.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'
import { tableNames } from '../settings/table-names.ts'
import { adviceOf } from '../terminal/advice.ts'

const run: Run = async (settings, args, io) => {
  const { dateIn, keepSchedule } = await import('@millrace/batch')
  const timeZone = args.text('--time-zone') ?? 'UTC'
  const [pattern, full] = [args.text('--schedule'), args.switch('--full')]
  if (pattern === undefined) {
    await runDate(dateOption(args) ?? dateIn(timeZone, systemRuntime.now()), full, settings, args, io)
    return 0
  }
  if (full || args.text('--date') !== undefined) {
    throw new MillraceError('USAGE', '--schedule names its runs by itself, and none of them does all anew')
  }
  const listener = {
    onNext: (time: number) => io.note(`the next run is at ${new Date(time).toISOString()}`),
    onFailed: (date: string, error: unknown, retryInMs: number | undefined) =>
      io.note(`the run of ${date} failed: ${messageOf(error)}; ${againIn(retryInMs)}`),
  }
  const work = (date: string) => runDate(date, false, settings, args, io)
  await keepSchedule({ pattern, timeZone }, work, listener, systemRuntime, io.signal)
  return 0
}

function againIn(retryInMs: number | undefined): string {
  return retryInMs === undefined ? 'the next run of the schedule finishes it' : `again in ${retryInMs / 1000} s`
}

function messageOf(error: unknown): string {
  if (error instanceof MillraceError) return `${error.code}: ${error.message} ${adviceOf(error)}`
  return error instanceof Error ? error.message : String(error)
}

function dateOption(args: Arguments): string | undefined {
  const date = args.text('--date')
  const time = date === undefined || !/^\d{4}-\d\d-\d\d$/.test(date) ? Number.NaN : Date.parse(date)
  if (date === undefined || (!Number.isNaN(time) && new Date(time).toISOString().startsWith(date))) return date
  throw new MillraceError('USAGE', `--date takes a date like 2026-01-31, not ${date}`)
}

async function runDate(date: string, full: boolean, settings: ResolvedSettings, args: Arguments, io: Io) {
  const { runBatch } = await import('@millrace/batch')
  const started = systemRuntime.monotonic()
  const result = await runBatch(optionsOf(date, full, settings, io), systemRuntime, io.signal)
  const seconds = (systemRuntime.monotonic() - started) / 1000
  if (args.switch('--json')) io.json(summaryOf(result, seconds))
  else await print(result, seconds, io)
}

function optionsOf(date: string, full: boolean, { values, origins }: ResolvedSettings, io: Io): BatchOptions {
  const { lake, raw, datasets, datasetFolders, questionFolders, topics, out, maxRefused, nullColumns } = values
  return {
    date,
    lake,
    ...(raw === undefined ? {} : { raw }),
    openRows: openRowsOf(values),
    datasets,
    tableOf: tableNames(values),
    datasetFolders,
    questionFolders,
    topics: Object.fromEntries(Object.entries(topics ?? {}).map(([dataset, names]) => [dataset, [names].flat()])),
    out,
    full,
    maxRefused,
    nullColumns,
    // Those of the configuration are the stream's: into the same tables a run would write its rows a second time.
    outputs: origins.outputs.kind === 'flag' ? values.outputs : [],
    ...clusterOf(values),
    onCluster: ({ state, percent, nodes }) =>
      io.status(`Trino: ${state.toLowerCase()} ${Math.round(percent)} %, ${nodes} nodes`),
    onStep: ({ step, seconds }) => {
      io.status('')
      io.note(`${step} ${seconds.toFixed(1)} s`)
    },
    onPartitions: (table, partitions) => {
      const warning = partitionsInWords({ table, partitions })
      if (warning) io.note(`warning: ${warning}`)
    },
    onRecords: (dataset, records) => io.status(`${dataset}: ${records.toLocaleString('en')} records`),
  }
}

function openRowsOf({ datasetFolders, databaseTables }: ResolvedSettings['values']): BatchOptions['openRows'] {
  return async (address, datasets, runtime) => {
    const { openFeed } = await import('@millrace/ingest')
    return openFeed(address, { datasets, datasetFolders, databaseTables, mode: 'all', seed: 0 }, runtime)
  }
}

function clusterOf({ engine, trino }: ResolvedSettings['values']): Pick<BatchOptions, 'trino'> {
  if (engine === 'duckdb') return {}
  if (trino !== undefined) return { trino }
  throw new MillraceError('CONFIG_INVALID', 'the engine is trino, and nothing says where the cluster is', {
    next: 'Say --trino http://user@host:8080/CATALOG.',
  })
}

function summaryOf({ run: { date, attempt, tables, steps, versions }, ...rest }: BatchResult, seconds: number) {
  const total = (count: 'records' | 'rows' | 'rejected') => tables.reduce((sum, table) => sum + table[count], 0)
  const totals = { records: total('records'), rows: total('rows'), rejected: total('rejected') }
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  return { date, attempt, ...totals, seconds, ...rest, tables, steps, versions, peakRssBytes }
}

const COLUMNS = ['table', 'records', 'rows', 'duplicates', 'filtered', 'rejected'] as const

async function print(result: BatchResult, seconds: number, io: Io): Promise<void> {
  const { run, wasDone, folder, lacks, unclaimed, missed } = result
  await io.table(
    COLUMNS,
    run.tables.map((table) => COLUMNS.map((column) => table[column])),
  )
  if (unclaimed > 0) io.note(`${unclaimed} raw objects belong to no data set`)
  for (const key of missed) io.note(`came late, and was read now: ${key}`)
  io.line(
    wasDone ? `the run of ${run.date} was done already` : `the run of ${run.date} is done, ${seconds.toFixed(1)} s`,
  )
  if (lacks.length > 0) io.note(`some questions were not asked: they need ${lacks.join(', ')}`)
  io.line(folder === undefined ? 'no answers' : `the answers are in ${folder}, to read in ${folder}/report.html`)
}

export const batch: Command = {
  about:
    'Makes the run of a date: cleans what has come since the last run, drops duplicates, answers the questions. The same date twice gives the same; a run that was killed is finished by the next.',
  settings: [
    'outputs',
    'lake',
    'raw',
    'datasets',
    'datasetFolders',
    'questionFolders',
    'databaseTables',
    'topics',
    'tables',
    'maxRefused',
    'nullColumns',
    'out',
    'engine',
    'trino',
  ],
  options: [
    { flag: '--date', value: 'YYYY-MM-DD', description: 'names the run (today); it filters nothing' },
    { flag: '--full', description: 'read everything, and take the place of all earlier runs' },
    { flag: '--schedule', value: 'WHEN', description: 'stay, and make a run at each time: "@daily", "30 4 * * *"' },
    { flag: '--time-zone', value: 'ZONE', description: 'whose clock and date count, such as Europe/Berlin (UTC)' },
    { flag: '--json', description: 'end with one line of JSON: what became of the records, steps and their times' },
  ],
  examples: [
    { command: 'millrace batch', does: "today's run, from the tables that the stream wrote" },
    { command: 'millrace batch --date 2026-01-31 --raw ./raw', does: 'from a folder of raw records' },
    { command: 'millrace batch --schedule "@daily" --time-zone Europe/Berlin', does: 'stay, and do it every night' },
  ],
  run,
}

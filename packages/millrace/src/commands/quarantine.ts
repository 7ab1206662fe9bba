import { MillraceError, systemRuntime } from '@millrace/base'
import type { QuarantineOf, QuarantineOptions, Which } from '@millrace/outputs'
import type { Arguments } from '../arguments.ts'
import type { Command, Io, Run } from '../command.ts'
import { chosenTables } from '../settings/chosen-tables.ts'
import type { Settings } from '../settings/schema.ts'
import { tableNames } from '../settings/table-names.ts'

const USUAL_LIMIT = 50
const COLUMNS = ['table', 'partition', 'offset', 'produced', 'reason', 'state', 'value']

const run: Run = async ({ values }, args, io) => {
  const { lake, datasets, datasetFolders, nullColumns, registry } = values
  const { BATCH } = await import('@millrace/queries')
  const place: Place = {
    settings: values,
    options: {
      ...{ lake, datasetFolders, nullColumns, formats: { registry, environment: process.env } },
      tables: await chosenTables(values),
    },
    ofDailyRun: datasets.map((dataset) => ({ dataset, table: `${BATCH}/${dataset}` })),
  }
  const [what = 'list'] = args.positionals
  const work = WORK[what]
  if (work) await work(place, args, io)
  else throw new MillraceError('USAGE', `quarantine knows list, replay and dismiss, not ${JSON.stringify(what)}`)
  return 0
}

interface Place {
  readonly settings: Settings
  /** The tables of the worker. */
  readonly options: QuarantineOptions
  readonly ofDailyRun: QuarantineOptions['tables']
}

type Work = (place: Place, args: Arguments, io: Io) => Promise<void>

const list: Work = async ({ options, ofDailyRun }, args, io) => {
  const { listQuarantine } = await import('@millrace/outputs')
  const records = await listQuarantine(
    { ...options, tables: [...options.tables, ...ofDailyRun] },
    args.integer('--limit') ?? USUAL_LIMIT,
    args.switch('--dismissed'),
  )
  if (args.switch('--json')) return io.json(records)
  const { agoInWords } = await import('@millrace/watch')
  const now = systemRuntime.now()
  const rows = records.map(({ table, topic, partition, offset, time, reason, state, value }) => {
    return [table, `${topic}/${partition}`, offset, agoInWords(Date.parse(time), now), reason, state, value]
  })
  const colour = (column: string) => (column === 'reason' ? 'yellow' : column === 'produced' ? 'dim' : undefined)
  await io.table(COLUMNS, rows, { right: ['produced'], colour })
}

const replay: Work = async ({ options, settings, ofDailyRun }, args, io) => {
  const { listQuarantine, replayAll } = await import('@millrace/outputs')
  await using inferring = args.switch('--infer') ? await inferringOf(settings, io.signal) : undefined
  const inferDataset = inferring?.inferDataset
  const totals = [...(await replayAll({ ...options, ...(inferDataset && { inferDataset }) }, systemRuntime))].map(
    ([table, each]) => ({ table, ...each }),
  )
  if (args.switch('--json')) io.json(totals)
  else for (const each of totals) io.line(`${each.table}: ${each.replayed} replayed, ${each.stillBad} still bad`)
  if ((await listQuarantine({ ...options, tables: ofDailyRun }, 1)).length > 0) {
    io.note('what the daily run rejected comes with its next run, once a rule has changed: millrace batch')
  }
}

/** Returns what infers the data set of a table as `millrace stream --infer` does: from the topics that go into it. */
async function inferringOf(
  { source, registry, datasets, topics, template, ...settings }: Settings,
  signal: AbortSignal,
) {
  const [{ openInferrer }, { findRoutes }] = await Promise.all([
    import('../init/infer-dataset.ts'),
    import('@millrace/stream'),
  ])
  const wishes = { datasets, ...(topics && { topics }), ...(template && { template }), tableOf: tableNames(settings) }
  const routes = await findRoutes(source, wishes)
  const inferrer = openInferrer(source, { registry, environment: process.env })
  const infer = inferrer.inferRoute(signal)
  return {
    async inferDataset({ table }: QuarantineOf) {
      const route = routes.find((each) => each.table === table)
      return route && infer(route)
    },
    [Symbol.asyncDispose]: () => inferrer[Symbol.asyncDispose](),
  }
}

const dismiss: Work = async ({ options: { lake, tables }, ofDailyRun }, args, io) => {
  const { dismissRecords } = await import('@millrace/outputs')
  const reason = args.text('--reason')?.trim()
  if (!reason) throw new MillraceError('USAGE', 'dismiss keeps a reason with each record: --reason TEXT')
  const which = whichOf(args)
  if (Object.keys(which).length === 0) {
    throw new MillraceError('USAGE', 'dismiss must know which records: --topic, --partition, --offset or --matching')
  }
  const paths = [...tables, ...ofDailyRun].map(({ table }) => table)
  const counts = await dismissRecords({ lake, tables: paths, which, reason }, systemRuntime)
  const dismissed = [...counts].map(([table, records]) => ({ table, records }))
  if (args.switch('--json')) io.json(dismissed)
  else for (const { table, records } of dismissed) io.line(`${table}: ${records} dismissed`)
}

function whichOf(args: Arguments): Which {
  const [topic, partition, matching] = ['--topic', '--partition', '--matching'].map(args.text)
  const offsets = args.text('--offset')?.split(',')
  return {
    ...(topic !== undefined && { topic }),
    ...(partition !== undefined && { partition }),
    ...(offsets !== undefined && { offsets: offsets.map((offset) => offset.trim()) }),
    ...(matching !== undefined && { matching }),
  }
}

const WORK: Readonly<Record<string, Work>> = { list, replay, dismiss }

export const quarantine: Command = {
  about:
    'Shows the records that may not enter their tables, with the reason, those of the daily run too; `replay` tries those of the stream again by the rules of today, `dismiss` gives some up.',
  positionals: ['[what]'],
  words: Object.keys(WORK),
  settings: ['source', 'lake', 'datasets', 'topics', 'template', 'tables', 'nullColumns', 'datasetFolders', 'registry'],
  options: [
    { flag: '--limit', value: 'N', description: `list the newest N of each data set (${USUAL_LIMIT})` },
    { flag: '--dismissed', description: 'list those that were dismissed as well' },
    { flag: '--reason', value: 'TEXT', description: 'dismiss: why nobody will take them up again' },
    { flag: '--topic', value: 'NAME', description: 'dismiss: those of this topic, or raw object of the daily run' },
    { flag: '--partition', value: 'ID', description: 'dismiss: those of this partition' },
    { flag: '--offset', value: 'N,N', description: 'dismiss: those of these offsets, or numbers in the raw object' },
    { flag: '--matching', value: 'TEXT', description: 'dismiss: those whose reason for rejection has this in it' },
    {
      flag: '--infer',
      description: 'replay: make up a data set that no folder has, as `millrace stream --infer` does, from the source',
    },
    { flag: '--json', description: 'as an array of objects' },
  ],
  examples: [
    { command: 'millrace quarantine list', does: 'what was rejected, and why' },
    { command: 'millrace quarantine replay', does: 'after a rule was mended: bring back what passes now' },
    {
      command: 'millrace quarantine dismiss --matching "not JSON" --reason "test messages"',
      does: 'give up what can not be mended',
    },
  ],
  run,
}

import { MillraceError, systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { tableNames } from '../settings/table-names.ts'

const USUAL_LIMIT = 50
const COLUMNS = ['table', 'partition', 'offset', 'produced', 'reason', 'state', 'value']

const run: Run = async ({ values }, args, io) => {
  const { lake, datasets, datasetFolders, nullColumns } = values
  const tableOf = tableNames(values)
  const tables = datasets.map((dataset) => ({ dataset, table: tableOf(dataset) }))
  const options = { lake, tables, datasetFolders, nullColumns }
  const [{ listQuarantine, replayAll }, { BATCH }] = await Promise.all([
    import('@millrace/outputs'),
    import('@millrace/queries'),
  ])
  const ofDailyRun = datasets.map((dataset) => ({ dataset, table: `${BATCH}/${dataset}` }))
  const json = args.switch('--json')
  const [what = 'list'] = args.positionals
  if (what === 'replay') {
    const totals = [...(await replayAll(options, systemRuntime))].map(([table, each]) => ({
      table,
      ...each,
    }))
    if (json) io.json(totals)
    else for (const each of totals) io.line(`${each.table}: ${each.replayed} replayed, ${each.stillBad} still bad`)
    if ((await listQuarantine({ ...options, tables: ofDailyRun }, 1)).length > 0) {
      io.note('what the daily run rejected comes with its next run, once a rule has changed: millrace batch')
    }
    return 0
  }
  if (what !== 'list') {
    throw new MillraceError('USAGE', `quarantine knows list and replay, not ${JSON.stringify(what)}`)
  }
  const records = await listQuarantine(
    { ...options, tables: [...tables, ...ofDailyRun] },
    args.integer('--limit') ?? USUAL_LIMIT,
  )
  if (json) io.json(records)
  else {
    const { agoInWords } = await import('@millrace/watch')
    const now = systemRuntime.now()
    const rows = records.map(({ table, topic, partition, offset, time, reason, state, value }) => {
      return [table, `${topic}/${partition}`, offset, agoInWords(Date.parse(time), now), reason, state, value]
    })
    const colour = (column: string) => (column === 'reason' ? 'yellow' : column === 'produced' ? 'dim' : undefined)
    await io.table(COLUMNS, rows, { right: ['produced'], colour })
  }
  return 0
}

export const quarantine: Command = {
  about:
    'Shows the records that may not enter their tables, with the reason, those of the daily run too; `replay` tries those of the stream again by the rules of today.',
  positionals: ['[what]'],
  settings: ['lake', 'datasets', 'tables', 'nullColumns', 'datasetFolders'],
  options: [
    { flag: '--limit', value: 'N', description: `list the newest N of each data set (${USUAL_LIMIT})` },
    { flag: '--json', description: 'as an array of objects' },
  ],
  examples: [
    { command: 'millrace quarantine list', does: 'what was rejected, and why' },
    { command: 'millrace quarantine replay', does: 'after a rule was mended: bring back what passes now' },
  ],
  run,
}

import { MillraceError, systemRuntime } from '@millrace/base'
import type { TableVerdict } from '@millrace/outputs'
import type { Command, Io, Run } from '../command.ts'
import { tableNames } from '../settings/table-names.ts'

const DATA_DID_NOT_PASS = 3

const run: Run = async ({ values, origins }, args, io) => {
  const { verifyLake } = await import('@millrace/outputs')
  const given = origins.source.kind === 'default' ? {} : { source: values.source }
  const tables = values.datasets.map(tableNames(values))
  const verdicts = await verifyLake({ lake: values.lake, tables, ...given }, systemRuntime)
  if (!verdicts.some(({ exists }) => exists)) {
    throw new MillraceError('TABLE_NOT_FOUND', `${values.lake} has none of the tables ${tables.join(', ')}`)
  }
  if (args.switch('--json')) io.json(verdicts)
  else await print(verdicts, io)
  return verdicts.every(({ problems }) => problems.length === 0) ? 0 : DATA_DID_NOT_PASS
}

const COLUMNS = [
  'table',
  'group',
  'partition',
  'read',
  'messages',
  'records',
  'rows',
  'quarantined',
  'filtered',
  'of other kinds',
  'repeats',
]

async function print(verdicts: readonly TableVerdict[], { table, line, style }: Io): Promise<void> {
  const { exactCountInWords } = await import('@millrace/watch')
  const rows = verdicts
    .flatMap(accountRows)
    .map((row) => row.map((cell) => (typeof cell === 'number' ? exactCountInWords(cell) : cell)))
  await table(COLUMNS, rows, { right: COLUMNS.slice(4) })
  const problems = verdicts.flatMap((verdict) => verdict.problems.map((problem) => `${verdict.table}: ${problem}`))
  for (const problem of problems) line(style('red', problem))
  if (problems.length === 0) line(style('green', 'nothing is missing, nothing is doubled'))
  else line(style(['red', 'bold'], `${problems.length} problems`))
}

function accountRows({ table, partitions }: TableVerdict): unknown[][] {
  return partitions.map(({ group, topic, partition, from, to, ...counts }) => {
    const { messages, records, rows, quarantined, filtered, elsewhere, repeated } = counts
    const read = `${from} → ${to}`
    return [
      table,
      group,
      `${topic}/${partition}`,
      read,
      messages,
      records,
      rows,
      quarantined,
      filtered,
      elsewhere,
      repeated,
    ]
  })
}

export const verify: Command = {
  about:
    'Proves from the log of each table that nothing is missing or doubled, over all groups that write to it. With --source it counts in the source as well.',
  settings: ['lake', 'datasets', 'tables', 'source'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    { command: 'millrace verify', does: 'add up what the tables say of themselves' },
    { command: 'millrace verify --source embedded:./data/stream.db', does: 'and compare with the source' },
  ],
  run,
}

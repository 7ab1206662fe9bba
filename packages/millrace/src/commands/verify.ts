import { MillraceError, systemRuntime } from '@millrace/base'
import type { OutputVerdict, TableVerdict } from '@millrace/outputs'
import type { Source } from '@millrace/transport'
import type { Command, Io, Run } from '../command.ts'
import { chosenTables } from '../settings/chosen-tables.ts'
import { tableNames } from '../settings/table-names.ts'

const DATA_DID_NOT_PASS = 3

const run: Run = async ({ values, origins }, args, io) => {
  const { verifyLake } = await import('@millrace/outputs')
  const given = origins.source.kind === 'default' ? {} : { source: values.source }
  const tables = (await chosenTables(values)).map(({ table }) => table)
  const verdicts = await verifyLake({ lake: values.lake, tables, ...given }, systemRuntime)
  const others = await outputVerdicts(values, given.source)
  if (!verdicts.some(({ exists }) => exists) && others.length === 0) {
    throw new MillraceError(
      'TABLE_NOT_FOUND',
      `${values.lake} has none of the tables ${tables.join(', ') || 'that match'}`,
    )
  }
  const all = [...verdicts, ...others]
  if (args.switch('--json')) io.json(all)
  else await print(verdicts, others, io)
  return all.every(({ problems }) => problems.length === 0) ? 0 : DATA_DID_NOT_PASS
}

async function withSource<T>(
  address: string | undefined,
  work: (source: Source | undefined) => Promise<T>,
): Promise<T> {
  if (address === undefined) return work(undefined)
  const { openSource } = await import('@millrace/transport')
  const source = await openSource(address, systemRuntime)
  try {
    return await work(source)
  } finally {
    await source.close()
  }
}

/** Looks at what the outputs beside the lake hold. */
async function outputVerdicts(
  values: Parameters<Run>[0]['values'],
  address: string | undefined,
): Promise<OutputVerdict[]> {
  const { outputAt } = await import('@millrace/outputs')
  const kinds = await Promise.all(values.outputs.map(async (output) => ({ output, kind: await outputAt(output) })))
  const verified = kinds.flatMap(({ output, kind: { verify } }) => (verify ? [{ output, verify }] : []))
  if (verified.length === 0) return []
  const { loadDataset } = await import('@millrace/transform')
  const tables = await Promise.all(
    values.datasets.map(async (name) => {
      return { table: tableNames(values)(name), dataset: await loadDataset(name, values.datasetFolders) }
    }),
  )
  return withSource(address, async (source) => {
    const found: OutputVerdict[] = []
    for (const { output, verify } of verified) found.push(...(await verify(output, tables, source)))
    return found
  })
}

const OUTPUT_COLUMNS = ['output', 'group', 'partition', 'read', 'messages']

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

async function print(
  verdicts: readonly TableVerdict[],
  others: readonly OutputVerdict[],
  { table, line, style }: Io,
): Promise<void> {
  const { exactCountInWords } = await import('@millrace/watch')
  const inWords = (row: readonly unknown[]) =>
    row.map((cell) => (typeof cell === 'number' ? exactCountInWords(cell) : cell))
  const rows = verdicts.flatMap(accountRows).map(inWords)
  if (rows.length > 0 || others.length === 0) await table(COLUMNS, rows, { right: COLUMNS.slice(4) })
  for (const { table: name, partitions } of others) {
    const hasFiles = partitions.some(({ files }) => files !== undefined)
    const columns = hasFiles ? [...OUTPUT_COLUMNS, 'files'] : OUTPUT_COLUMNS
    const accounts = partitions.map(({ group, topic, partition, from, to, messages, files }) =>
      inWords([name, group, `${topic}/${partition}`, `${from} → ${to}`, messages, ...(hasFiles ? [files] : [])]),
    )
    await table(columns, accounts, { right: columns.slice(4) })
  }
  const problems = [
    ...others.flatMap(({ table, problems: of }) => of.map((problem) => `${table}: ${problem}`)),
    ...verdicts.flatMap(({ table, problems: of }) => of.map((problem) => `${table}: ${problem}`)),
  ]
  for (const problem of problems) line(style('red', problem))
  if (problems.length === 0) line(style('green', 'nothing is missing, nothing is doubled'))
  else line(style(['red', 'bold'], problems.length === 1 ? '1 problem' : `${problems.length} problems`))
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
  settings: ['lake', 'outputs', 'datasets', 'datasetFolders', 'topics', 'tables', 'source'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    { command: 'millrace verify', does: 'add up what the tables say of themselves' },
    { command: 'millrace verify --source embedded:./data/stream.db', does: 'and compare with the source' },
    { command: 'millrace verify --to archive:./raw', does: 'look through the files of an archive as well' },
    { command: 'millrace verify --to postgres://loader@db.example/posts', does: 'and at the tables of a database' },
    {
      command:
        'millrace verify --to cassandra://loader@db.example/posts?primaryKey=ind --source kafka://localhost:9092',
      does: 'and whether each key of the source has its newest row there',
    },
  ],
  run,
}

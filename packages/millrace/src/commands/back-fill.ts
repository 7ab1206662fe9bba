import { MillraceError, systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { tableNames } from '../settings/table-names.ts'

const run: Run = async ({ values }, args, io) => {
  const { lake, outputs, datasets, datasetFolders, group, nullColumns, registry } = values
  const addresses = outputs.filter((address) => address !== 'delta')
  if (addresses.length === 0) throw new MillraceError('USAGE', 'back-fill needs the output that is to be filled: --to')
  const [{ backFill }, { openLake }, { filesOf, openMachine }, { loadDataset }] = await Promise.all([
    import('@millrace/outputs'),
    import('@millrace/store'),
    import('@millrace/engine'),
    import('@millrace/transform'),
  ])
  const store = await openLake(lake)
  await using machine = await openMachine(systemRuntime, filesOf(store))
  const filled: object[] = []
  for (const address of addresses) {
    for (const name of datasets) {
      const dataset = await loadDataset(name, datasetFolders, { registry, environment: process.env })
      const table = tableNames(values)(name)
      const nulls = nullColumns[name] ?? []
      const done = await backFill({ address, store, table, dataset, group, nullColumns: nulls, machine })
      filled.push({ table, output: address.split('?')[0], ...done })
      if (!args.switch('--json')) io.line(`${table}: ${done.rows} rows, of ${done.partitions} partitions`)
    }
  }
  if (args.switch('--json')) io.json(filled)
  return 0
}

export const backFill: Command = {
  about:
    'Brings the rows of the lake’s tables into an output that is new, with the progress that belongs to them: a worker with both outputs goes on from there. It may run meanwhile, without the new output.',
  settings: ['lake', 'outputs', 'datasets', 'datasetFolders', 'tables', 'group', 'nullColumns', 'registry'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    {
      command: 'millrace back-fill --datasets pin --to postgres://loader@db.example/posts',
      does: 'fill the table pin of a database, before the worker writes there too',
    },
  ],
  run,
}

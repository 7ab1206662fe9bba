import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { OWN_CONFIG } from '../settings/own-config.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'

const run: Run = async (settings, args, io) => {
  const { values } = settings
  const [what, topic] = args.positionals
  if (what !== 'init' || topic === undefined) throw new MillraceError('USAGE', 'it is millrace dataset init TOPIC')
  const name = args.text('--name') ?? topic.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  const own = ownFolder(settings)
  const root = own ?? HERE
  const folder = join(root, name)
  if (existsSync(folder)) throw new MillraceError('USAGE', `${folder} is there already`, { next: 'Choose a --name.' })
  const [{ datasetFiles, inferDataset }, { writeFiles }, { testDataset }] = await Promise.all([
    import('../init/infer-dataset.ts'),
    import('../init/folder.ts'),
    import('../testing/dataset-fixtures.ts'),
  ])
  const formats = { registry: values.registry, environment: process.env }
  const inferred = await inferDataset({ source: values.source, topic, formats }, io.signal)
  await writeFiles(folder, datasetFiles(inferred))
  await testDataset(name, [root], true)
  io.line(`Made ${folder}: dataset.json, clean.sql and two fixtures. Next:`)
  io.line()
  const isConfigured = own !== undefined && settings.origins.datasetFolders.kind !== 'flag'
  const flags = isConfigured ? '' : ` --dataset-folders ${root}`
  io.line(`  millrace test ${name}${flags}`)
  io.line(`  millrace dev ${name}${flags}`)
  return 0
}

/** Where no data set folder is configured. */
const HERE = 'datasets'

/** Returns the data set folder that a person has configured; that of the example is not for others. */
function ownFolder({ values, origins }: ResolvedSettings): string | undefined {
  return origins.datasetFolders.name === OWN_CONFIG.name ? undefined : values.datasetFolders[0]
}

export const dataset: Command = {
  about:
    'Writes the folder of a data set for a topic: dataset.json, clean.sql and two fixtures, from the latest schema that the registry has for the topic (TOPIC-value), else from the first records of the topic, which are JSON then.',
  positionals: ['<what>', '<topic>'],
  words: ['init'],
  settings: ['source', 'registry', 'datasetFolders'],
  options: [{ flag: '--name', value: 'NAME', description: 'what the data set is called; as the topic, unless said' }],
  examples: [
    { command: 'millrace dataset init orders', does: 'a column for each field, typed as the field is' },
    {
      command: 'millrace dataset init shop.orders --name orders --registry https://registry.example:8081',
      does: 'typed by the schema shop.orders-value',
    },
  ],
  run,
}

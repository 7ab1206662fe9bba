import { existsSync } from 'node:fs'
import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import type { Sample } from '../dev/sample.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'

const DATASET_IS_BROKEN = 2

const USUAL_RECORDS = 20
const MOST_RECORDS = 1000

const run: Run = async (settings, args, io) => {
  const { values } = settings
  const { developDataset } = await import('../dev/dev.ts')
  const records = args.integer('--records') ?? USUAL_RECORDS
  if (records < 1 || records > MOST_RECORDS) {
    throw new MillraceError('USAGE', `--records takes 1 to ${MOST_RECORDS}, not ${records}`)
  }
  const dataset = chosenDataset(args.positionals[0], values.datasets)
  const openSample = () => sampleOf(dataset, settings, args.text('--sample'))
  const { datasetFolders, registry } = values
  const formats = { registry, environment: process.env }
  const once = args.switch('--once')
  const view = await developDataset({ dataset, datasetFolders, formats, openSample, records, once }, io)
  return view.problem !== undefined && once ? DATASET_IS_BROKEN : 0
}

function chosenDataset(named: string | undefined, datasets: readonly string[]): string {
  const [first, another] = datasets
  if (named !== undefined) return named
  if (first !== undefined && another === undefined) return first
  throw new MillraceError('USAGE', datasets.length === 0 ? 'there is no data set' : 'there are several data sets', {
    next: datasets.length === 0 ? 'Make a project with millrace init.' : `Name one: ${datasets.join(', ')}.`,
  })
}

/** Returns what was asked for; else the source, or while there is none the fixtures, or made up records. */
async function sampleOf(dataset: string, settings: ResolvedSettings, asked: string | undefined): Promise<Sample> {
  const { sampleOfFeed, sampleOfFixtures, sampleOfSource } = await import('../dev/sample.ts')
  const { source, datasetFolders, start } = settings.values
  if (asked !== undefined) return sampleOfFeed(asked, dataset, datasetFolders)
  const hasSource = settings.origins.source.kind !== 'default' || existsSync(source.slice('embedded:'.length))
  if (hasSource) return sampleOfSource(source, await routeOf(dataset, settings), start)
  return (await sampleOfFixtures(dataset, datasetFolders)) ?? sampleOfFeed('generator', dataset, datasetFolders)
}

async function routeOf(dataset: string, { values }: ResolvedSettings) {
  const [{ belongingOf, findRoutes }, { loadDataset, wantedBefore }] = await Promise.all([
    import('@millrace/stream'),
    import('@millrace/transform'),
  ])
  const { source, topics, datasets, datasetFolders, registry } = values
  // A data set that is broken is shown as it is: it gets messages as they are until it is loaded anew.
  const found = await loadDataset(dataset, datasetFolders, { registry, environment: process.env }).catch(
    () => undefined,
  )
  const routes = await findRoutes(source, { datasets: [...new Set([dataset, ...datasets])], ...(topics && { topics }) })
  const route = routes.find((each) => each.dataset === dataset)
  const kinds = route?.kinds ?? new Map()
  return {
    topics: route?.topics ?? [dataset],
    // Keys and headers may say which data set a record is of, or be columns of it.
    wants: { keys: true, headers: true, before: found && wantedBefore(found) },
    takes: (block: Parameters<typeof belongingOf>[1], index: number) => {
      const of = kinds.get(block.partition.topic)
      return of === undefined || belongingOf(of, block, index) === 'mine'
    },
  }
}

export const dev: Command = {
  about:
    'Shows records of a topic, a file or the fixtures beside what becomes of them, rejected ones with the reason, anew whenever dataset.json or clean.sql changes. Nothing is committed, and no progress is kept.',
  positionals: ['[dataset]'],
  words: 'data sets',
  settings: ['source', 'datasets', 'datasetFolders', 'topics', 'start', 'registry'],
  options: [
    {
      flag: '--sample',
      value: 'INPUT',
      description: 'records of a file (.jsonl, .csv, .parquet), of the generator or of mysql://… instead of the source',
    },
    { flag: '--records', value: 'N', description: `how many at a time (${USUAL_RECORDS})` },
    { flag: '--once', description: 'show what is there and end; exit code 2 when the data set is broken' },
  ],
  examples: [
    { command: 'millrace dev orders', does: 'records of its topic while you edit clean.sql' },
    { command: 'millrace dev orders --sample orders.csv', does: 'records of a file' },
    { command: 'millrace dev orders --start latest', does: 'those that come from now on' },
  ],
  run,
}

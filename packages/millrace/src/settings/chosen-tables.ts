import type { Settings } from './schema.ts'
import { tableNames } from './table-names.ts'

interface ChosenTable {
  /** The data set by whose rules its rows were cleaned. */
  readonly dataset: string
  readonly table: string
}

type Choice = Pick<Settings, 'lake' | 'datasets' | 'datasetFolders' | 'topics' | 'tables' | 'template'>

/** Returns the tables of the data sets that are named, and those in the lake whose topics a pattern has found. */
export async function chosenTables(settings: Choice): Promise<ChosenTable[]> {
  const tableOf = tableNames(settings)
  const named = settings.datasets.map((dataset) => ({ dataset, table: tableOf(dataset) }))
  return [...named, ...(await foundTables(settings, new Set(named.map(({ table }) => table))))]
}

async function foundTables(
  { lake, datasets, datasetFolders, topics = {}, tables = {}, template }: Choice,
  taken: ReadonlySet<string>,
): Promise<ChosenTable[]> {
  const { routesOf, EACH_ITS_OWN } = await import('@millrace/stream')
  const parts = topics[EACH_ITS_OWN]
  if (parts === undefined) return []
  const [{ openLake }, { listTables }, { quarantinePath }, { datasetFolder }] = await Promise.all([
    import('@millrace/store'),
    import('@millrace/delta'),
    import('@millrace/outputs'),
    import('@millrace/transform'),
  ])
  const there = await listTables(await openLake(lake))
  const quarantines = new Set(there.map(quarantinePath))
  const topicOf = new Map(Object.entries(tables).map(([topic, table]) => [table, topic]))
  const own = there.filter((table) => !table.includes('/') && !quarantines.has(table) && !taken.has(table))
  const present = own.map((table) => topicOf.get(table) ?? table).filter((topic) => !datasets.includes(topic))
  return routesOf({ datasets: [], topics: { [EACH_ITS_OWN]: parts }, tableOf: tableNames({ tables }) }, present).map(
    ({ dataset: topic, table }) => {
      const hasFolder = datasetFolder(topic, datasetFolders) !== undefined
      return { dataset: hasFolder ? topic : (template ?? topic), table }
    },
  )
}

import { belongsTo } from '@millrace/transform'
import { listTopics } from '@millrace/transport'

/** Which topics go into which table. */
export interface Route {
  readonly dataset: string
  readonly topics: readonly string[]
  /** The table's folder in the lake. */
  readonly table: string
}

/**
 * A topic belongs to the data set that its name says; whoever says otherwise for a data set is right. A data set
 * without a topic waits for one of its own name.
 */
export function routesOf(
  datasets: readonly string[],
  chosen: Readonly<Record<string, string>>,
  topics: readonly string[],
): Route[] {
  return datasets.map((dataset) => {
    const own = chosen[dataset]
    const found = own === undefined ? topics.filter((topic) => belongsTo(topic, dataset)).sort() : [own]
    return { dataset, topics: found.length === 0 ? [dataset] : found, table: dataset }
  })
}

/** Looks at what the source has, unless every data set's topic is said. */
export async function findRoutes(
  source: string,
  datasets: readonly string[],
  chosen: Readonly<Record<string, string>>,
): Promise<Route[]> {
  const allSaid = datasets.every((dataset) => chosen[dataset] !== undefined)
  return routesOf(datasets, chosen, allSaid ? [] : await listTopics(source))
}

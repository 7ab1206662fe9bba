/** The data sets of the example; a project of one's own has its own here. */
export const DATASETS = ['pin', 'geo', 'user'] as const

/** Names of one user's topics, streams and tables, as the usual pipelines have them. */
export interface Names {
  /** As `--topics` of a worker on Kafka takes them. */
  readonly topics: string
  readonly streams: readonly string[]
  readonly streamPairs: string
  readonly tables: string
}

export function namesOf(uid: string): Names {
  if (!/^[a-z0-9-]{1,32}$/.test(uid)) throw new Error(`uid is ${uid}: give small letters, digits and dashes`)
  const pairs = (name: (dataset: string) => string) => DATASETS.map((dataset) => `${dataset}=${name(dataset)}`).join()
  const stream = (dataset: string) => `streaming-${uid}-${dataset}`
  return {
    topics: pairs((dataset) => `${uid}.${dataset}`),
    streams: DATASETS.map(stream),
    streamPairs: pairs(stream),
    tables: pairs((dataset) => `${uid}_${dataset}_table`),
  }
}

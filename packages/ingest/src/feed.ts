/** Records by data set, as many of each. */
export type Batch = ReadonlyMap<string, readonly Uint8Array[]>

/** Records on their way out. */
export interface Feed {
  /** The next records: one of each data set at least, `most` at most; undefined at the end. */
  next(most: number): Promise<Batch | undefined>
  close(): Promise<void>
}

export type Mode = 'random' | 'all'

export interface FeedOptions {
  readonly datasets: readonly string[]
  /** Where the generator finds the data sets. */
  readonly datasetFolders?: readonly string[]
  /** Tables of the database that are not called as their data set. */
  readonly databaseTables?: Readonly<Record<string, string>>
  readonly mode: Mode
  readonly seed: number
}

/** Records by data set, the same number of each. */
export type Batch = ReadonlyMap<string, readonly Uint8Array[]>

/** Source of records to send. */
export interface Feed {
  /** Returns the next records, between one and `most` of each data set, or undefined at the end. */
  next(most: number): Promise<Batch | undefined>
  close(): Promise<void>
}

export type Mode = 'random' | 'all'

export interface FeedOptions {
  readonly datasets: readonly string[]
  /** Folders in which the generator finds the data sets. */
  readonly datasetFolders?: readonly string[]
  /** Tables by data set, for those whose names differ from the data set's. */
  readonly databaseTables?: Readonly<Record<string, string>>
  readonly mode: Mode
  readonly seed: number
}

/** A row by column, with values as JSON has them. */
export type Row = Record<string, unknown>

/** Rows to be written. `read` gives such; a Date, a bigint and a Uint8Array may stand in them too. */
export type Rows = Iterable<Readonly<Row>> | AsyncIterable<Readonly<Row>>

export interface ReadOptions {
  /** Reads the table as it was at this version. */
  readonly version?: number
  /** Reads the table as it was at this time. */
  readonly time?: Date
}

export interface AppendOptions {
  /** Stored in the commit, for readers of the history. */
  readonly userMetadata?: string
  /**
   * Makes the call safe to repeat: where the table has this version of this writer already, or a later one, nothing is
   * appended.
   */
  readonly once?: { readonly writer: string; readonly version: number }
}

export interface Appended {
  readonly version: number
  /** How many rows were appended: none where `once` says that they were before. */
  readonly rows: number
}

export interface UpsertOptions extends AppendOptions {
  /** The columns that tell rows apart: the table gets one row for each of their values. */
  readonly key: readonly string[]
  /** Columns that say which of two rows of a key is newer: the older one is ignored. None: what comes is newer. */
  readonly sequenceBy?: readonly string[]
  /** SQL over a row: whether it deletes the table's row of its key. */
  readonly deleteWhen?: string
}

/** How many rows a call put in, changed and took away, and how many it ignored because the table has newer ones. */
export interface Upserted {
  readonly version: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  readonly ignored: number
}

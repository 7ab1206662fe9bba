import type { DuckDBConnection } from '@duckdb/node-api'
import type { Runtime } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { Engine } from '@millrace/engine'
import type { ReadMessages } from '@millrace/formats'
import type { Dataset } from '../dataset/dataset.ts'
import type { LineFiles } from './files/line-files.ts'
import type { NoteFailures } from './rejected/noted-failures.ts'
import type { MarkFailing } from './sql/queries.ts'

export interface CleanerOptions {
  readonly engine: Engine
  /** On this machine, and ours alone. */
  readonly workFolder: string
  readonly runtime: Runtime
}

export interface FileTarget {
  /** The table whose columns the files have; of a keyed data set, one with the columns of its changes. */
  readonly snapshot: Snapshot
  /** Whether the table takes columns that come with the rows, where the data set says so too. */
  readonly takesNewColumns?: boolean
  /** The table that the rows of a keyed data set go to, if there is one: it may ask more of a row. */
  readonly keyedTable?: Snapshot | undefined
  /** Starts another file when one has grown to this. */
  readonly targetBytes?: number
}

/** Returns how people know a record. */
export type RecordName = (block: number, index: number) => string

/** One call's records, and what they are cleaned with. */
export interface Work extends CleanerOptions {
  readonly dataset: Dataset
  /** The blocks as their format has read them. */
  readonly read: readonly ReadMessages[]
  readonly connection: DuckDBConnection
  readonly files: LineFiles
  /** The file for columns. */
  readonly columnFile: string
  /** Undefined when the rows are only counted. */
  readonly target: FileTarget | undefined
  /** SQL over clean rows: why the table does not take one, or NULL. Undefined: it takes all. */
  readonly refusal: string | undefined
  readonly nameOf: RecordName
  /** Returns how to mark records that cleaning fails for, if that can be said in SQL. */
  readonly markFailing: () => Promise<MarkFailing | undefined>
  /** Returns how to note them where that can't be said, but by a function of ours. */
  readonly noteFailures: () => Promise<NoteFailures | undefined>
}

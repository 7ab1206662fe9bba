import type { DuckDBConnection } from '@duckdb/node-api'
import type { AddFile, Snapshot } from '@millrace/delta'
import type { Dataset } from '@millrace/transform'
import type { TableNotes } from '../manifest.ts'
import type { RunParts } from '../parts.ts'
import type { Rejected } from './rejected.ts'
import type { OnRecords } from './staging.ts'

/** Parameters for making a table's new rows. */
export interface TableParts extends RunParts {
  readonly dataset: Dataset
  readonly snapshot: Snapshot
  /** Files of the snapshot that stay. */
  readonly kept: readonly AddFile[]
  /** Latest time that does not count as the future. */
  readonly latest: number
  readonly connection: DuckDBConnection
  readonly rejected: Rejected
  readonly onRecords: OnRecords
}

/** New rows of a table in files that are uploaded to its folder but not committed. */
export interface NewRows extends Omit<TableNotes, 'rejected' | 'reasons'> {
  readonly files: readonly AddFile[]
}

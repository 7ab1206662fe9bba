import type { DuckDBConnection } from '@duckdb/node-api'
import type { AddFile, Snapshot } from '@millrace/delta'
import type { Dataset } from '@millrace/transform'
import type { TableNotes } from './manifest.ts'
import type { RunParts } from './parts.ts'
import type { Refusals } from './refused.ts'
import type { OnRecords } from './staging.ts'

/** What a table's new rows are made with. */
export interface Making extends RunParts {
  readonly dataset: Dataset
  readonly snapshot: Snapshot
  /** The files of it that stay. */
  readonly kept: readonly AddFile[]
  /** Later times than this have yet to come. */
  readonly latest: number
  readonly connection: DuckDBConnection
  readonly refusals: Refusals
  readonly onRecords: OnRecords
}

/** A table's new rows, in files that are where the table has its own; nobody reads them yet. */
export interface NewRows extends Omit<TableNotes, 'refused'> {
  readonly files: readonly AddFile[]
}

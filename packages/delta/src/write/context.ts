import type { DuckDBConnection } from '@duckdb/node-api'
import type { Runtime } from '@millrace/base'

/** Connection and scratch folder for writing data files. */
export interface WriteContext {
  readonly connection: DuckDBConnection
  /** For files on their way: on this machine, and ours alone. */
  readonly folder: string
  readonly runtime: Runtime
}

import type { Runtime } from '@millrace/base'
import type { DuckDB, ObjectStore } from '@millrace/lake'

/** What a run works with. */
export interface RunParts {
  readonly lake: ObjectStore
  readonly engine: DuckDB
  /** On this machine, and this run's alone. */
  readonly workFolder: string
  readonly runtime: Runtime
}

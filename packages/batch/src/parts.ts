import type { Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { Cleaner } from '@millrace/transform'
import type { Workbench } from './cluster/workbench.ts'

/** What a run works with. */
export interface RunParts {
  readonly lake: ObjectStore
  readonly engine: DuckDB
  readonly cleaner: Cleaner
  /** On this machine, and this run's alone. */
  readonly workFolder: string
  readonly runtime: Runtime
  /** A cluster that cleans, drops duplicates and answers in DuckDB's place. */
  readonly bench?: Workbench | undefined
}

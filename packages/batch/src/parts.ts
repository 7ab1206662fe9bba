import type { Runtime } from '@millrace/base'
import type { Engine } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import type { Cleaner } from '@millrace/transform'
import type { ClusterSchema } from './trino/schema.ts'

/** Resources of a run. */
export interface RunParts {
  readonly lake: ObjectStore
  readonly engine: Engine
  readonly cleaner: Cleaner
  /** Local scratch folder of this run. */
  readonly workFolder: string
  readonly runtime: Runtime
  /** A cluster that cleans, drops duplicates and answers in DuckDB's place. */
  readonly clusterSchema?: ClusterSchema | undefined
}

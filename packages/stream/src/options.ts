import type { FormatContext } from '@millrace/formats'
import type { ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import type { OpenSource, StartPosition } from '@millrace/transport'
import type { BatchLimits } from './intake/open-batch.ts'
import type { PaceLimits } from './intake/pace.ts'
import type { OutputChoice } from './open-outputs.ts'
import type { Route } from './routes/route.ts'
import type { WorkerEvent } from './telemetry.ts'

export interface StreamOptions {
  /** An address, or what opens a source. */
  readonly source: string | OpenSource
  /** An address, or a store. */
  readonly lake: string | ObjectStore
  /** Where clean rows go: the lake's tables, `delta`, unless said. They are the anchor, or else the first one is. */
  readonly outputs?: readonly OutputChoice[]
  /** An output that is new to the pipeline begins at the source's beginning, not where the anchor is. */
  readonly backFills?: boolean
  /** Addresses of outputs that are left out for now: only told. */
  readonly detached?: readonly string[]
  /** What goes where. */
  readonly routes: readonly Route[]
  /** Finds all routes anew, where topics may come while the worker runs. */
  readonly findRoutes?: () => Promise<readonly Route[]>
  /** What formats need: where schemas are found. */
  readonly formats?: FormatContext
  /** Folders of data sets. */
  readonly datasetFolders: readonly string[]
  /** Data sets that are in no folder. */
  readonly datasets?: readonly Dataset[]
  /** Makes up a data set that is in no folder either; undefined while nothing is known of its records. */
  readonly inferDataset?: (route: Route) => Promise<Dataset | undefined>
  readonly group: string
  /** May begin in a topic that another group puts into the same table: its records are there twice then. */
  readonly allowsAnotherGroup?: boolean
  /** For each data set the columns of its table that it does not fill and that may be NULL. */
  readonly nullColumns?: Readonly<Record<string, readonly string[]>>
  /**
   * A name that outlives this process: with Kafka, who comes back under it soon gets its partitions without a
   * rebalance.
   */
  readonly member?: string
  readonly start: StartPosition
  readonly limits: BatchLimits & PaceLimits
  /** Commit everything that is there now, then end. */
  readonly untilCaughtUp: boolean
  readonly onEvent?: (event: WorkerEvent) => void
}

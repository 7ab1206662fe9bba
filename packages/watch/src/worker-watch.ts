import type { Runtime } from '@millrace/base'
import type { CommittedEvent, MaintenanceEvent, WorkerEvent } from '@millrace/stream'
import { MOST_SHOWN, summed } from './condense.ts'
import { type DatasetWatch, watchDataset } from './dataset-watch.ts'
import { ALL, MOST_POINTS, pointOf } from './history.ts'
import { sentenceOf, worstPhase } from './sentence.ts'
import type {
  HistoryPoint,
  MaintenanceState,
  PostponedTopic,
  TableState,
  WorkerIdentity,
  WorkerState,
} from './state.ts'
import { STUCK_AFTER_MS } from './vital-signs.ts'

/** Turns a worker's events into its state. */
export interface WorkerWatch {
  on(event: WorkerEvent): void
  state(): WorkerState
  /** Adds the current state to the history. */
  mark(): void
  /** Returns the marked states, oldest first. */
  history(): readonly HistoryPoint[]
}

export interface WatchOptions {
  /** How long a data set may make no progress before it counts as stuck. */
  readonly stuckAfterMs?: number
  /** The largest share of a data set's records that may be rejected, from 0 to 1; above it, it counts as rejecting. */
  readonly maxRefused?: number
}

export function watchWorker(worker: WorkerIdentity, runtime: Runtime, options: WatchOptions = {}): WorkerWatch {
  const { stuckAfterMs = STUCK_AFTER_MS, maxRefused = 1 } = options
  const datasets = new Map<string, DatasetWatch>()
  const tableOf = new Map<string, string>()
  const tables = new Map<string, TableState>()
  const postponed = new Map<string, PostponedTopic>()
  const history: HistoryPoint[] = []
  let mostBytes = 0
  const state = (): WorkerState => {
    const all = [...datasets.values()]
    const bytes = all.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
    const states = all.map((dataset) => dataset.state(bytes < mostBytes))
    const phase = worstPhase(states)
    const at = runtime.now()
    return {
      worker,
      at,
      phase,
      sentence: sentenceOf(phase, states, worker, at),
      memory: { rssBytes: process.memoryUsage.rss() },
      held: { bytes, mostBytes },
      datasets: states,
      tables: [...tables.values()],
      postponed: [...postponed.values()],
    }
  }
  return {
    on(event) {
      if (event.what === 'started' || event.what === 'found') {
        if (event.what === 'started') mostBytes = event.mostBytesHeld
        for (const about of event.datasets) {
          tableOf.set(about.dataset, about.table)
          postponed.delete(about.dataset)
          const known = datasets.get(about.dataset)
          if (known) known.reads(about.topics)
          else datasets.set(about.dataset, watchDataset(about, runtime, { stuckAfterMs, maxRefused }))
        }
      } else if (event.what === 'left') {
        datasets.delete(event.dataset)
        tableOf.delete(event.dataset)
        tables.delete(event.table)
      } else if (event.what === 'postponed') {
        const { topic, code, message } = event
        postponed.set(event.dataset, { topic, code, message, since: runtime.now() })
      } else if (event.what === 'table') {
        tables.set(event.table.table, { ...event.table, maintenance: tables.get(event.table.table)?.maintenance ?? [] })
      } else if (event.what === 'maintenance') {
        const { table } = event.maintenance
        const known = tables.get(table) ?? { table, version: 0, files: 0, bytes: 0, rows: 0, maintenance: [] }
        tables.set(table, {
          ...known,
          maintenance: withMaintenance(known.maintenance, event.maintenance, runtime.now()),
        })
      } else {
        datasets.get(event.dataset)?.on(event)
        const table = tableOf.get(event.dataset)
        if (event.what === 'committed' && table !== undefined) growTable(tables, { ...event, table })
      }
    },
    state,
    mark() {
      const now = state()
      const isMany = now.datasets.length > MOST_SHOWN
      history.push(pointOf(isMany ? { ...now, datasets: [{ ...summed(now.datasets), dataset: ALL }] } : now))
      if (history.length > MOST_POINTS) history.shift()
    },
    history: () => history,
  }
}

/** Adds a commit to the table's size, because table events come only now and then. */
function growTable(tables: Map<string, TableState>, commit: CommittedEvent & { readonly table: string }): void {
  const { table, version, files, fileBytes, rows } = commit
  const known = tables.get(table)
  if (!known || known.version >= version) return
  const grown = { files: known.files + files, bytes: known.bytes + fileBytes, rows: known.rows + rows }
  tables.set(table, { ...known, version, ...grown })
}

function withMaintenance(
  maintenance: readonly MaintenanceState[],
  { task, outcome, error }: MaintenanceEvent,
  at: number,
): MaintenanceState[] {
  const before = maintenance.find((each) => each.task === task)
  const after: MaintenanceState =
    outcome === 'failed'
      ? { task, succeededAt: before?.succeededAt, failedAt: at, error: String(error) }
      : { task, succeededAt: at, failedAt: before?.failedAt, error: undefined }
  return [...maintenance.filter((each) => each.task !== task), after]
}

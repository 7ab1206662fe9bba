import { worstPhase } from './sentence.ts'
import { type DatasetState, type MaintenanceState, PHASES, type TableState, type WorkerState } from './state.ts'

/** So many data sets are shown each for itself; of a thousand those that need attention most. */
export const MOST_SHOWN = 40

/** Partitions of the others, the worst of them: the page draws a square each. */
const MOST_PARTITIONS = 2_000

/**
 * Returns the state with at most MOST_SHOWN data sets, the worst first, of those whose name, table or topics hold the
 * text that is searched for. All others are one entry, so that the sums stay those of the worker.
 */
export function condensed(state: WorkerState, search = ''): WorkerState {
  const { datasets } = state
  const tables = state.tables.toSorted((a, b) => (a.table < b.table ? -1 : 1))
  if (datasets.length <= MOST_SHOWN && search === '') return { ...state, tables }
  const wanted = search.toLowerCase()
  const matches = ({ dataset, table, topics }: DatasetState) =>
    [dataset, table, ...topics].some((text) => text.toLowerCase().includes(wanted))
  const shown = datasets.filter(matches).sort(worstFirst).slice(0, MOST_SHOWN)
  const isShown = new Set(shown)
  const others = datasets.filter((each) => !isShown.has(each))
  if (others.length === 0) return { ...state, datasets: shown, tables }
  const names = new Set(shown.map(({ table }) => table))
  const isOfShown = ({ table }: TableState) => names.has(table) || names.has(table.replace(/_quarantine$/, ''))
  const otherTables = tables.filter((table) => !isOfShown(table))
  return {
    ...state,
    datasets: [...shown, summed(others)],
    tables: [...tables.filter(isOfShown), ...(otherTables.length > 0 ? [summedTable(otherTables)] : [])],
  }
}

function worstFirst(a: DatasetState, b: DatasetState): number {
  return (
    PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) ||
    b.lag.seconds - a.lag.seconds ||
    b.totals.quarantined - a.totals.quarantined ||
    (a.dataset < b.dataset ? -1 : 1)
  )
}

/** Returns data sets as one: rates, totals and lags added up, of times the worst. */
export function summed(datasets: readonly DatasetState[]): DatasetState {
  const sum = (of: (dataset: DatasetState) => number) => datasets.reduce((all, each) => all + of(each), 0)
  const most = (of: (dataset: DatasetState) => number) => datasets.reduce((all, each) => Math.max(all, of(each)), 0)
  const name = `${datasets.length} ${datasets.length === 1 ? 'other' : 'others'}`
  const latencies = datasets.flatMap(({ latency }) => latency ?? [])
  const rejected = sum(({ quarantine }) => quarantine.total)
  const [first] = datasets
  return {
    ...{ dataset: name, table: name, topics: [], phase: worstPhase(datasets), stuckMs: undefined },
    waiting: firstWaiting(datasets),
    rates: {
      readRecords: sum(({ rates }) => rates.readRecords),
      readBytes: sum(({ rates }) => rates.readBytes),
      rows: sum(({ rates }) => rates.rows),
    },
    totals: {
      readRecords: sum(({ totals }) => totals.readRecords),
      readBytes: sum(({ totals }) => totals.readBytes),
      rows: sum(({ totals }) => totals.rows),
      filtered: sum(({ totals }) => totals.filtered),
      quarantined: sum(({ totals }) => totals.quarantined),
      commits: sum(({ totals }) => totals.commits),
    },
    lag: {
      records: datasets.every(({ lag }) => lag.records !== undefined) ? sum(({ lag }) => lag.records ?? 0) : undefined,
      seconds: most(({ lag }) => lag.seconds),
    },
    lagBand: { low: most(({ lagBand }) => lagBand.low), high: most(({ lagBand }) => lagBand.high) },
    latency:
      latencies.length === 0
        ? undefined
        : {
            p50Ms: Math.max(...latencies.map(({ p50Ms }) => p50Ms)),
            p99Ms: Math.max(...latencies.map(({ p99Ms }) => p99Ms)),
          },
    held: { batches: sum(({ held }) => held.batches), bytes: sum(({ held }) => held.bytes) },
    stages: (first?.stages ?? []).map(({ stage }, i) => ({
      stage,
      busy: sum(({ stages }) => stages[i]?.busy ?? 0),
      meanMs: most(({ stages }) => stages[i]?.meanMs ?? 0),
    })),
    bottleneck: datasets.find(({ bottleneck }) => bottleneck)?.bottleneck,
    commits: [],
    quarantine: { total: rejected, share: most(({ quarantine }) => quarantine.share), reasons: [], samples: [] },
    partitions: datasets
      .flatMap(({ dataset, partitions }) => partitions.map((each) => ({ ...each, dataset })))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, MOST_PARTITIONS),
    outputs: [],
  }
}

/** Returns what the first of them waits for, which says who it is. */
function firstWaiting(datasets: readonly DatasetState[]): DatasetState['waiting'] {
  const [first, ...more] = datasets.filter(({ waiting }) => waiting)
  if (!first?.waiting) return undefined
  const names = more.length === 0 ? first.dataset : `${first.dataset} and ${more.length} more`
  return { ...first.waiting, message: `${names}: ${first.waiting.message}` }
}

/** Returns tables as one: sizes added up, and of each maintenance task the run that needs attention most. */
function summedTable(tables: readonly TableState[]): TableState {
  const sum = (of: (table: TableState) => number) => tables.reduce((all, each) => all + of(each), 0)
  return {
    table: `${tables.length} ${tables.length === 1 ? 'other' : 'others'}`,
    version: 0,
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    rows: sum(({ rows }) => rows),
    maintenance: worstRuns(tables),
  }
}

function worstRuns(tables: readonly TableState[]): MaintenanceState[] {
  const runs = tables.flatMap(({ table, maintenance }) =>
    maintenance.map((run) => (run.error === undefined ? run : { ...run, error: `${table}: ${run.error}` })),
  )
  const worst = new Map<string, MaintenanceState>()
  for (const run of runs) {
    const known = worst.get(run.task)
    if (!known || isWorse(run, known)) worst.set(run.task, run)
  }
  return [...worst.values()]
}

function isWorse(run: MaintenanceState, than: MaintenanceState): boolean {
  if ((run.error === undefined) !== (than.error === undefined)) return run.error !== undefined
  return (run.succeededAt ?? 0) < (than.succeededAt ?? 0)
}

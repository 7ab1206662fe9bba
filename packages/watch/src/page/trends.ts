import { type ComponentChild, h } from 'preact'
import { useMemo } from 'preact/hooks'
import { ALL } from '../history.ts'
import type { HistoryOfDataset, HistoryPoint, WorkerState } from '../state.ts'
import { Chart, type Line } from './chart.ts'
import { panel } from './parts.ts'

export interface TrendsProps {
  readonly history: readonly HistoryPoint[]
  readonly state: WorkerState
}

/** The last half hour. */
export function Trends({ history, state }: TrendsProps): ComponentChild {
  const isOne = history.some(({ datasets }) => datasets.some(({ dataset }) => dataset === ALL))
  const names = isOne ? [ALL] : state.datasets.map(({ dataset }) => dataset)
  const lines = useMemo(() => linesOf(history, names), [history, names.join()])
  const times = useMemo(() => history.map(({ at }) => at), [history])
  return panel(
    'trends',
    'Trends',
    'the last half hour',
    h(
      'div',
      { class: 'charts' },
      h(Chart, { title: 'Rows committed', unit: 'rows/s', times, lines: lines.rows }),
      h(Chart, { title: 'Produce to commit', unit: 'seconds', times, lines: lines.latency }),
      h(Chart, { title: 'Lag', unit: 'seconds', times, lines: lines.lag }),
      h(Chart, { title: 'Memory', unit: 'bytes', times, lines: lines.memory }),
    ),
  )
}

type Figure = (dataset: HistoryOfDataset) => number | undefined

interface LineOptions {
  readonly isDashed?: boolean
  readonly low?: Figure
}

function linesOf(history: readonly HistoryPoint[], names: readonly string[]) {
  const valuesOf = (name: string, of: Figure) =>
    history.map(({ datasets }) => {
      const found = datasets.find(({ dataset }) => dataset === name)
      return found && of(found)
    })
  const each = (suffix: string, of: Figure, { isDashed = false, low }: LineOptions = {}): Line[] =>
    names.map((name, colour) => ({
      ...{ name: `${name}${suffix}`, colour, isDashed },
      values: valuesOf(name, of),
      ...(low && { low: valuesOf(name, low) }),
    }))
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
  return {
    rows: each('', ({ rowsPerSecond }) => rowsPerSecond),
    latency: [
      ...each(' p50', ({ p50Ms }) => seconds(p50Ms), { isDashed: true }),
      ...each(' p99', ({ p99Ms }) => seconds(p99Ms)),
    ],
    lag: each('', ({ lagSeconds }) => lagSeconds, { low: ({ lagLowSeconds }) => lagLowSeconds }),
    memory: [
      { name: 'process', colour: 0, values: history.map(({ rssBytes }) => rssBytes) },
      { name: 'messages held', colour: 1, values: history.map(({ heldBytes }) => heldBytes) },
    ],
  }
}

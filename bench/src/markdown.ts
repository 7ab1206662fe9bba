import type { BenchResult, CaseResult, ContestantResult, Run } from './results.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** The whole result as Markdown: a table a case, then the machine. */
export function markdownOf(result: BenchResult): string {
  return [
    `${result.about}`,
    ...result.cases.flatMap((each) => [
      ...(each.variant === '' ? [] : [`**${each.variant}**`]),
      tableOf(each, result),
      ...figuresOf(each),
    ]),
    conditionsOf(result),
  ].join('\n\n')
}

function tableOf({ contestants }: CaseResult, { unit, reference, measures, rounds }: BenchResult): string {
  const referenceRuns = contestants.find(({ name }) => name === reference)?.runs ?? []
  const columns = COLUMNS.filter(({ only }) => only === undefined || only === measures)
  const header = ['', ...columns.map((column) => column.title(unit, reference))]
  const rows = contestants.map((contestant) => rowOf(contestant, columns, referenceRuns, rounds))
  const aligned = ['---', ...header.slice(1).map(() => '---:')]
  return [header, aligned, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

interface Column {
  readonly only?: 'work'
  title(unit: string, reference: string): string
  cell(runs: readonly Run[], referenceRuns: readonly Run[]): string
}

const COLUMNS: readonly Column[] = [
  {
    title: (unit) => `${unit}/s`,
    cell: (runs) => number(spreadOver(runs, rateOf).median),
  },
  {
    title: (_unit, reference) => `× ${reference}`,
    cell: (runs, referenceRuns) =>
      number(spreadOf(runs.map((run, i) => rateOf(run) / rateOf(referenceRuns[i]))).median),
  },
  {
    title: (unit) => `${unit} per CPU-s`,
    cell: (runs) => number(spreadOver(runs, ({ units, cpuSeconds }) => units / cpuSeconds).median),
  },
  { title: () => 'wall s', cell: (runs) => withRange(spreadOver(runs, ({ wallSeconds }) => wallSeconds)) },
  { title: () => 'CPU s', cell: (runs) => withRange(spreadOver(runs, ({ cpuSeconds }) => cpuSeconds)) },
  { title: () => 'peak MB', cell: (runs) => withRange(spreadOver(runs, ({ peakBytes }) => peakBytes / 1e6)) },
  {
    only: 'work',
    title: () => 'of it when ready',
    cell: (runs) => number(spreadOver(runs, ({ readyBytes = Number.NaN }) => readyBytes / 1e6).median),
  },
  { title: () => 'output MB', cell: (runs) => number(spreadOver(runs, ({ outputBytes }) => outputBytes / 1e6).median) },
]

function rateOf(run: Run | undefined): number {
  return run ? run.units / run.wallSeconds : Number.NaN
}

function rowOf(
  { name, about, engine, missing, runs }: ContestantResult,
  columns: readonly Column[],
  referenceRuns: readonly Run[],
  rounds: number,
): string[] {
  const fewer =
    missing === undefined && runs.length < rounds ? `, ${runs.length} round${runs.length === 1 ? '' : 's'}` : ''
  const label = `**${name}**: ${about}${engine === undefined ? '' : ` (${engine})`}${fewer}`
  if (missing !== undefined) return [`${label}. Missing: ${missing}`, ...columns.map(() => '')]
  return [label, ...columns.map(({ cell }) => cell(runs, referenceRuns))]
}

function figuresOf({ contestants }: CaseResult): string[] {
  const names = [...new Set(contestants.flatMap(({ runs }) => runs.flatMap(({ figures }) => Object.keys(figures))))]
  if (names.length === 0) return []
  const rows = contestants
    .filter(({ runs }) => runs.length > 0)
    .map(({ name, runs }) => [
      `**${name}**`,
      ...names.map((figure) => {
        const values = runs.flatMap(({ figures }) => figures[figure] ?? [])
        return values.length === 0 ? '' : withRange(spreadOf(values))
      }),
    ])
  const lines = [['', ...names], ['---', ...names.map(() => '---:')], ...rows]
  return [lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')]
}

function conditionsOf({ unit, size, rounds, measures, machine }: BenchResult): string {
  const covers = measures === 'process' ? 'the whole process from its start' : 'the work alone, its input in place'
  const { date, commit, cores, processor, memoryBytes, system, node, duckdb, loadBefore } = machine
  return [
    `${number(size)} ${unit}, ${rounds} rounds: medians (least–most). Time covers ${covers}.`,
    `${date}, Millrace ${commit}, ${cores} cores (${processor}), ${number(memoryBytes / 2 ** 30)} GiB, ${system},`,
    `Node ${node}, DuckDB ${duckdb}; load before the first run ${loadBefore.toFixed(1)}.`,
  ].join('\n')
}

function spreadOver(runs: readonly Run[], value: (run: Run) => number): Spread {
  return spreadOf(runs.map(value))
}

function withRange({ median, min, max }: Spread): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`
}

/** Three digits that matter. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) < 0.001) return '0'
  if (Math.abs(value) >= 100) return Number(value.toPrecision(value >= 1e4 ? 4 : 3)).toLocaleString('en')
  return value.toPrecision(3).replace(/\.?0+$/, '')
}

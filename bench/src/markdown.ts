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

function tableOf({ contestants }: CaseResult, { unit, reference }: BenchResult): string {
  const referenceRuns = contestants.find(({ name }) => name === reference)?.runs ?? []
  const header = ['', `${unit}/s`, `× ${reference}`, `${unit} per CPU-s`, 'wall s', 'CPU s', 'peak MB', 'output MB']
  const rows = contestants.map((contestant) => rowOf(contestant, referenceRuns))
  const aligned = ['---', ...header.slice(1).map(() => '---:')]
  return [header, aligned, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function rowOf(contestant: ContestantResult, referenceRuns: readonly Run[]): string[] {
  const { name, about, engine, missing, runs } = contestant
  const label = `**${name}**: ${about}${engine === undefined ? '' : ` (${engine})`}`
  if (missing !== undefined) return [`${label}. Missing: ${missing}`, '', '', '', '', '', '', '']
  const of = (value: (run: Run) => number) => spreadOf(runs.map(value))
  const faster = runs.map(({ wallSeconds }, i) => (referenceRuns[i]?.wallSeconds ?? Number.NaN) / wallSeconds)
  return [
    label,
    number(of(({ units, wallSeconds }) => units / wallSeconds).median),
    referenceRuns.length === 0 ? '' : number(spreadOf(faster).median),
    number(of(({ units, cpuSeconds }) => units / cpuSeconds).median),
    withRange(of(({ wallSeconds }) => wallSeconds)),
    withRange(of(({ cpuSeconds }) => cpuSeconds)),
    withRange(of(({ peakBytes }) => peakBytes / 1e6)),
    number(of(({ outputBytes }) => outputBytes / 1e6).median),
  ]
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

function withRange({ median, min, max }: Spread): string {
  return `${number(median)} (${number(min)}–${number(max)})`
}

/** Three digits that matter. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Number(value.toPrecision(value >= 1e4 ? 4 : 3)).toLocaleString('en')
  return value.toPrecision(3).replace(/\.?0+$/, '')
}

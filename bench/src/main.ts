import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inputMaker } from './inputs.ts'
import { BENCH, benchmarkNames, contestantsOf, loadBenchmark } from './listing.ts'
import { machineFacts } from './machine.ts'
import { markdownOf } from './markdown.ts'
import { putIntoPage, writeJson } from './pages.ts'
import { progressOn } from './progress.ts'
import type { BenchResult, CaseResult } from './results.ts'
import { runRounds } from './rounds.ts'
import { startServices } from './services.ts'

const ROOT = join(BENCH, '..')
const PAGE = 'docs/performance.md'

const HELP = `pnpm bench NAME [--runs N] [--size N] [--only A,B] [--fresh] [--publish]

Runs a benchmark: the same input for every contestant, outputs compared, rounds interleaved.
Writes bench/results/NAME.json (NAME-SIZE.json for another size) and prints a table. Without a name, lists the benchmarks.

  --runs N     rounds (5)
  --size N     how much work; the list shows each benchmark's own
  --only A,B   these contestants alone
  --fresh      make the input once more
  --publish    put the table into ${PAGE}, the figures beside it`

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    size: { type: 'string' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    publish: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const [name] = positionals
const names = benchmarkNames()
if (flags.help) console.log(HELP)
else if (name === undefined) await list()
else if (!names.includes(name) || positionals.length > 1)
  refuse(`there is no benchmark ${positionals.join(' ')}; there are ${names.join(', ')}`)
else if (process.platform !== 'linux') refuse('CPU time and memory are read from /proc: benchmarks run on Linux')
else if (flags.publish && (flags.only ?? flags.size) !== undefined)
  refuse('--publish wants all contestants and the usual size')
else await run(name).catch((error: Error) => refuse(error.message, 1))

async function list(): Promise<void> {
  for (const each of names) {
    const { about, size, unit } = await loadBenchmark(each)
    console.log(`${each.padEnd(Math.max(...names.map(({ length }) => length)) + 2)}${about} (${size} ${unit})`)
  }
}

async function run(benchmarkName: string): Promise<void> {
  const benchmark = await loadBenchmark(benchmarkName)
  const wanted = flags.only?.split(',')
  const contestants = contestantsOf(benchmarkName).filter(({ name }) => wanted?.includes(name) ?? true)
  const size = whole('--size', flags.size ?? String(benchmark.size))
  const rounds = whole('--runs', flags.runs)
  const progress = progressOn(process.stderr)
  const machine = machineFacts()
  const input = inputMaker(join(ROOT, '.cache/bench'), flags.fresh, progress.step)
  const services = await startServices(benchmark.services ?? [])
  const cases: CaseResult[] = []
  try {
    for (const variant of benchmark.cases ?? ['']) {
      const task = { size, variant, services: services.addresses }
      const prepared = await benchmark.prepare(task, input)
      cases.push(
        await inWorkFolder((workFolder) =>
          runRounds({ benchmark, contestants, task, rounds, input: prepared, workFolder, progress: progress.step }),
        ),
      )
    }
  } finally {
    await services.stop()
  }
  progress.done()
  const { about, unit, reference, measures } = benchmark
  const file = size === benchmark.size ? benchmarkName : `${benchmarkName}-${size}`
  await publish({ name: benchmarkName, about, unit, reference, measures, size, rounds, machine, cases }, file)
}

async function inWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(ROOT, '.cache/bench/run-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function publish(result: BenchResult, file: string): Promise<void> {
  const table = markdownOf(result)
  console.log(table)
  await writeJson(join(BENCH, 'results', `${file}.json`), result)
  if (!flags.publish) return
  await writeJson(join(ROOT, 'docs/performance', `${result.name}.json`), result)
  await putIntoPage(join(ROOT, PAGE), result.name, table)
}

function whole(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  console.error(`${flag} ${text}: not a whole number above 0`)
  process.exit(2)
}

function refuse(message: string, exitCode = 2): void {
  console.error(message)
  process.exitCode = exitCode
}

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCH, benchmarkNames, loadBenchmark } from './listing.ts'
import { markdownOf } from './markdown.ts'
import { putIntoPage, writeJson } from './pages.ts'
import { runQuick } from './quick.ts'
import type { BenchResult } from './results.ts'
import { ROOT, runBenchmark } from './run.ts'

const PAGE = 'performance.md'

const HELP = `pnpm bench NAME [--runs N] [--size N] [--only A,B] [--fresh] [--publish]

Runs a benchmark: the same input for every contestant, outputs compared, rounds interleaved.
Writes bench/results/NAME.json (NAME-SIZE.json for another size) and prints a table. Without a name, lists the benchmarks.

  --runs N     rounds (5)
  --size N     how much work; the list shows each benchmark's own
  --only A,B   these contestants alone
  --fresh      make the input once more
  --publish    put the table into its page of docs/, the figures into docs/performance/
  --quick      without a name: the guarded ratios, at small sizes; fails where one is too low`

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    size: { type: 'string' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    publish: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const [name] = positionals
const names = benchmarkNames()
if (flags.help) console.log(HELP)
else if (name === undefined && !flags.quick) await list()
else if (name !== undefined && flags.quick) refuse('--quick runs all that have a guard: give no name')
else if (name !== undefined && (!names.includes(name) || positionals.length > 1))
  refuse(`there is no benchmark ${positionals.join(' ')}; there are ${names.join(', ')}`)
else if (process.platform !== 'linux') refuse('CPU time and memory are read from /proc: benchmarks run on Linux')
else if (flags.publish && (flags.only ?? flags.size) !== undefined)
  refuse('--publish wants all contestants and the usual size')
else await (name === undefined ? guardRatios() : run(name)).catch((error: Error) => refuse(error.message, 1))

async function list(): Promise<void> {
  for (const each of names) {
    const { about, size, unit } = await loadBenchmark(each)
    console.log(`${each.padEnd(Math.max(...names.map(({ length }) => length)) + 2)}${about} (${size} ${unit})`)
  }
}

async function run(benchmarkName: string): Promise<void> {
  const { size: usual, alsoAt, page = PAGE } = await loadBenchmark(benchmarkName)
  const only = flags.only === undefined ? {} : { only: flags.only.split(',') }
  const options = { rounds: whole('--runs', flags.runs), fresh: flags.fresh, ...only }
  const sizes = flags.publish && alsoAt !== undefined ? [usual, alsoAt] : [whole('--size', flags.size ?? `${usual}`)]
  for (const size of sizes) {
    const result = await runBenchmark(benchmarkName, { ...options, size })
    await publish(result, page, size === usual ? benchmarkName : `${benchmarkName}-${size}`)
  }
}

async function guardRatios(): Promise<void> {
  for await (const { name: of, guard, ratio, holds } of runQuick()) {
    const found = `${ratio.toFixed(2)} of ${guard.against} by CPU time, at least ${guard.least}`
    console.log(`${holds ? 'ok    ' : 'FAILED'} ${of}: ${found}`)
    if (!holds) process.exitCode = 1
  }
}

async function publish(result: BenchResult, page: string, file: string): Promise<void> {
  const table = markdownOf(result)
  console.log(table)
  await writeJson(join(BENCH, 'results', `${file}.json`), result)
  if (!flags.publish) return
  await writeJson(join(ROOT, 'docs/performance', `${file}.json`), result)
  await putIntoPage(join(ROOT, 'docs', page), file, table)
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

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildMillrace } from './build.ts'
import { inputMaker } from './inputs.ts'
import { BENCH, contestantsOf, loadBenchmark } from './listing.ts'
import { machineFacts } from './machine.ts'
import { progressOn } from './progress.ts'
import type { BenchResult, CaseResult } from './results.ts'
import { runRounds } from './rounds.ts'
import { startServices } from './services.ts'

export const ROOT = join(BENCH, '..')

export interface RunOptions {
  /** The benchmark's own, unless given. */
  readonly size?: number
  readonly rounds: number
  /** Names of contestants; all, unless given. */
  readonly only?: readonly string[]
  /** Whether the input is made once more. */
  readonly fresh?: boolean
}

export async function runBenchmark(name: string, options: RunOptions): Promise<BenchResult> {
  const { rounds, only, fresh = false } = options
  const benchmark = await loadBenchmark(name)
  const contestants = contestantsOf(name).filter((contestant) => only?.includes(contestant.name) ?? true)
  const { about, unit, reference, measures, size: usual } = benchmark
  const size = options.size ?? usual
  const progress = progressOn(process.stderr)
  const machine = machineFacts()
  const input = inputMaker(join(ROOT, '.cache/bench'), fresh, progress.step)
  if (measures === 'process' || benchmark.usesPackage) await buildMillrace()
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
  return { name, about, unit, reference, measures, size, rounds, machine, cases }
}

async function inWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(ROOT, '.cache/bench/run-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

import type { Guard } from './contract.ts'
import { benchmarkNames, loadBenchmark } from './listing.ts'
import type { BenchResult } from './results.ts'
import { runBenchmark } from './run.ts'
import { spreadOf } from './statistics.ts'

const ROUNDS = 3
const OURS = 'millrace'

/** How one benchmark with a guard has come out. */
export interface Guarded {
  readonly name: string
  readonly guard: Guard
  /** Median over the rounds of how much work we did in a CPU second, compared with the other. */
  readonly ratio: number
  readonly holds: boolean
}

/** Runs the benchmarks that have a guard, each at the guard's small size, with ours and the other contestant alone. */
export async function* runQuick(): AsyncGenerator<Guarded> {
  for (const name of benchmarkNames()) {
    const { guard } = await loadBenchmark(name)
    if (!guard) continue
    const { size, against } = guard
    const ratio = ratioTo(against, await runBenchmark(name, { size, rounds: ROUNDS, only: [OURS, against] }))
    yield { name, guard, ratio, holds: ratio >= guard.least }
  }
}

/** By CPU time, which other work on the machine changes least, and by the rounds, as it changes both of one alike. */
export function ratioTo(against: string, { cases }: BenchResult): number {
  const ratios = cases.flatMap(({ contestants }) => {
    const runsOf = (wanted: string) => contestants.find(({ name }) => name === wanted)?.runs ?? []
    const others = runsOf(against)
    return runsOf(OURS).map(({ cpuSeconds }, round) => (others[round]?.cpuSeconds ?? Number.NaN) / cpuSeconds)
  })
  return spreadOf(ratios).median
}

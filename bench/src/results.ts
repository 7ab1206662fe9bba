import type { MachineFacts } from './machine.ts'

export interface Run {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  /** Resident before the measured work began, where the work alone is measured. */
  readonly readyBytes?: number
  readonly outputBytes: number
  /** How many of the benchmark's units the work was. */
  readonly units: number
  readonly figures: Readonly<Record<string, number>>
}

export interface ContestantResult {
  readonly name: string
  readonly about: string
  readonly engine?: string
  /** Why there are no runs. */
  readonly missing?: string
  /** In the order of the rounds. */
  readonly runs: readonly Run[]
}

export interface CaseResult {
  readonly variant: string
  readonly contestants: readonly ContestantResult[]
}

/** One invocation: what bench/results/NAME.json holds. */
export interface BenchResult {
  readonly name: string
  readonly about: string
  readonly unit: string
  readonly reference: string
  readonly measures: 'process' | 'work'
  readonly size: number
  readonly rounds: number
  readonly machine: MachineFacts
  readonly cases: readonly CaseResult[]
}

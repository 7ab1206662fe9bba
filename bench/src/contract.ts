import type { RowSource } from './outputs.ts'

/** What one measured case is about: how much of it, and which variant. */
export interface Task {
  readonly size: number
  /** One of the benchmark's cases; empty when it has none. */
  readonly variant: string
  readonly services: ServiceAddresses
}

/** By service, what `pnpm services` says of where it is: `services.kafka.bootstrap`. */
export type ServiceAddresses = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A folder of bench/ with this in its benchmark.ts, and a file for each contestant in contestants/. */
export interface Benchmark {
  /** One line. */
  readonly about: string
  /** What is counted, in the plural: rows, commits. */
  readonly unit: string
  readonly size: number
  /** Another size, at which `--publish` measures as well. */
  readonly alsoAt?: number
  /** Contestants so slow that they run in the first round alone. */
  readonly slow?: readonly string[]
  /** Servers that all contestants talk to, by their names in `pnpm services`; what they use is nobody's CPU time. */
  readonly services?: readonly string[]
  /** Variants measured one after another, with the same contestants. */
  readonly cases?: readonly string[]
  /** The contestant that the others are compared with. */
  readonly reference: string
  /**
   * What wall and CPU time cover: the whole process from its start, or the work alone, from the moment that
   * the contestant says it is ready (its input is in place) until it reports.
   */
  readonly measures: 'process' | 'work'
  /** Whether contestants that do the work alone call the package as it is published. */
  readonly usesPackage?: boolean
  /** The page of docs/ that `--publish` puts the table into; performance.md, when not given. */
  readonly page?: string
  /** Where `--quick` guards the ratio of ours to another contestant. */
  readonly guard?: Guard
  /** Makes what every contestant reads, or finds it; answers its folder. */
  prepare(task: Task, input: InputMaker): Promise<string>
  /** What a contestant leaves in its output folder and has to agree on; when not given, one table of rows. */
  outputs?(output: string): Readonly<Record<string, RowSource>>
}

export interface Guard {
  /** How much work, so that it takes seconds. */
  readonly size: number
  readonly against: string
  /** How much of the other's work a CPU second we do at least: well below what is measured, as CI's machines differ. */
  readonly least: number
}

/** The folder of the input made with these parameters; `make` fills it when it is not there yet. */
export type InputMaker = (
  kind: string,
  parameters: Readonly<Record<string, string | number>>,
  make: (folder: string) => Promise<void>,
) => Promise<string>

/** The task of a contestant, as JSON in its only argument. */
export interface Job extends Task {
  /** The folder from `prepare`; not to be changed. */
  readonly input: string
  /** A new, empty folder. */
  readonly output: string
}

/** What starts a contestant. A file `NAME.command.ts` exports a function of this name that returns it for a job. */
export interface Command {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Returns figures of the line of JSON with which it ends, where that is no report. */
  readonly figures?: (last: unknown) => Report['figures']
}

/** The line of JSON with which a contestant ends; anything else in it is left alone. */
export interface Report {
  /** Why this machine can't run it: it has done nothing then, and the table names it as missing. */
  readonly unavailable?: string
  /** Its engine and that engine's version. */
  readonly engine?: string
  /** How much it did, where that is less than it was asked for. */
  readonly units?: number
  /** Further figures of its own, shown below the table as medians. */
  readonly figures?: Readonly<Record<string, number>>
}

import type { OutputSize } from '@millrace/outputs'
import type { RefusedSample, Stage } from '@millrace/stream'

/**
 * All that is known of one worker just now, as plain data. Dashboard, terminal, metrics and health read this and
 * nothing else. Times are milliseconds since 1970, durations say their unit.
 */
export interface WorkerState {
  readonly worker: WorkerIdentity
  readonly at: number
  readonly phase: Phase
  /** The state in one sentence, for people. */
  readonly sentence: string
  readonly memory: { readonly rssBytes: number }
  /** Bytes of messages that are read and not committed, and how many there may be. */
  readonly held: { readonly bytes: number; readonly mostBytes: number }
  readonly datasets: readonly DatasetState[]
  readonly tables: readonly TableState[]
}

export interface WorkerIdentity {
  readonly id: string
  readonly group: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: number
  /** Addresses, without secrets. */
  readonly source: string
  readonly lake: string
}

/** In the order of how much they want to be looked at. */
export const PHASES = ['stuck', 'waiting', 'starting', 'catching up', 'caught up', 'idle'] as const

/** Idle: no partition is this worker's. Waiting: something failed and is being tried again; nothing is lost. */
export type Phase = (typeof PHASES)[number]

export interface DatasetState {
  readonly dataset: string
  readonly table: string
  readonly topics: readonly string[]
  readonly phase: Phase
  readonly waiting: WaitingState | undefined
  /** How long nothing has moved that should have; only when it is stuck. */
  readonly stuckMs: number | undefined
  readonly rates: Rates
  readonly totals: Totals
  readonly lag: Lag
  /** From being produced to being committed, over the last minutes; undefined before the first commit. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined
  readonly held: { readonly batches: number; readonly bytes: number }
  readonly stages: readonly StageState[]
  /** The stage that the others wait for; undefined when the source is what is waited for. */
  readonly bottleneck: Stage | undefined
  /** The newest first. */
  readonly commits: readonly CommitState[]
  readonly quarantine: QuarantineState
  readonly partitions: readonly PartitionState[]
}

export interface WaitingState {
  readonly since: number
  readonly code: string
  readonly message: string
  readonly tries: number
}

/** By the second, over the last ten of them. */
export interface Rates {
  readonly readRecords: number
  readonly readBytes: number
  readonly rows: number
}

/** Since the worker started. */
export interface Totals {
  readonly readRecords: number
  readonly readBytes: number
  readonly rows: number
  readonly filtered: number
  readonly quarantined: number
  readonly commits: number
}

/**
 * What the source has and the table has not. Records are undefined where the source does not count them
 * (Kinesis); seconds are the age of the oldest record that is not committed.
 */
export interface Lag {
  readonly records: number | undefined
  readonly seconds: number
}

export interface PartitionState extends Lag {
  readonly topic: string
  readonly id: string
}

export interface StageState {
  readonly stage: Stage
  /** The share of the last minute that it was at work: above 1 where several ran side by side. */
  readonly busy: number
  readonly meanMs: number
}

export interface CommitState {
  readonly at: number
  readonly version: number
  readonly rows: number
  readonly quarantined: number
  readonly bytes: number
  readonly files: number
  readonly fileBytes: number
}

export interface QuarantineState {
  readonly total: number
  /** The most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly records: number }[]
  /** The newest first. Their values are hostile until escaped. */
  readonly samples: readonly (RefusedSample & { readonly at: number })[]
}

export interface TableState extends OutputSize {
  readonly maintenance: readonly MaintenanceState[]
}

export interface MaintenanceState {
  readonly chore: string
  /** When it last ran well, whether or not there was anything to do. */
  readonly succeededAt: number | undefined
  readonly failedAt: number | undefined
  readonly error: string | undefined
}

/** One moment of the recent past, for charts. */
export interface HistoryPoint {
  readonly at: number
  readonly rssBytes: number
  readonly heldBytes: number
  readonly datasets: readonly HistoryOfDataset[]
}

export interface HistoryOfDataset {
  readonly dataset: string
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  readonly lagRecords: number | undefined
  readonly lagSeconds: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

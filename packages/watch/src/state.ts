import type { OutputSize } from '@millrace/outputs'
import type { OutputNews, RejectedSample, Stage } from '@millrace/stream'

/**
 * Current state of one worker as plain data. Dashboard, terminal, metrics and health read only this. Times are
 * milliseconds since 1970; names of durations end in their unit.
 */
export interface WorkerState {
  readonly worker: WorkerIdentity
  readonly at: number
  readonly phase: Phase
  /** The state in one sentence, for people. */
  readonly sentence: string
  readonly memory: { readonly rssBytes: number }
  /** Bytes of messages that are read and not committed, and their limit. */
  readonly held: { readonly bytes: number; readonly mostBytes: number }
  readonly datasets: readonly DatasetState[]
  readonly tables: readonly TableState[]
  /** Topics that a pattern found and that can't be read for now. */
  readonly postponed: readonly PostponedTopic[]
}

export interface PostponedTopic {
  readonly topic: string
  readonly code: string
  readonly message: string
  readonly since: number
}

export interface WorkerIdentity {
  readonly id: string
  readonly group: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: number
  /** Address of the source without secrets. */
  readonly source: string
  readonly lake: string
}

/** Phases, the one that needs attention most first. */
export const PHASES = ['stuck', 'waiting', 'rejecting', 'starting', 'catching up', 'caught up', 'idle'] as const

/**
 * Phase of a worker or data set. In `idle`, the worker has no partition. In `waiting`, something failed and is being
 * retried, and nothing is lost. In `rejecting`, it works, and more of the records go to the quarantine than should.
 */
export type Phase = (typeof PHASES)[number]

export interface DatasetState {
  readonly dataset: string
  readonly table: string
  readonly topics: readonly string[]
  readonly phase: Phase
  readonly waiting: WaitingState | undefined
  /** How long there has been no progress, or undefined unless the data set is stuck. */
  readonly stuckMs: number | undefined
  readonly rates: Rates
  readonly totals: Totals
  readonly lag: Lag
  /** The least and the greatest `lag.seconds` since before the last commit. */
  readonly lagBand: { readonly low: number; readonly high: number }
  /** Time from produce to commit over the last minutes, or undefined if nothing was committed. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined
  readonly held: { readonly batches: number; readonly bytes: number }
  readonly stages: readonly StageState[]
  /** Stage that limits the throughput, or undefined unless the data set is catching up. */
  readonly bottleneck: Stage | undefined
  /** Recent commits, newest first. */
  readonly commits: readonly CommitState[]
  readonly quarantine: QuarantineState
  readonly partitions: readonly PartitionState[]
  /** Outputs of records, the anchor first. */
  readonly outputs: readonly OutputNews[]
}

export interface WaitingState {
  readonly since: number
  readonly code: string
  readonly message: string
  readonly tries: number
}

/** Rates per second: of reading over the last ten seconds, of rows over whole intervals between commits. */
export interface Rates {
  readonly readRecords: number
  readonly readBytes: number
  readonly rows: number
}

/** Totals since the worker started. */
export interface Totals {
  readonly readRecords: number
  readonly readBytes: number
  readonly rows: number
  readonly filtered: number
  readonly quarantined: number
  readonly commits: number
}

/**
 * Lag of the table behind the source. `records` is undefined if the source does not count them (Kinesis); `seconds`
 * is the age of the oldest record that is not committed.
 */
export interface Lag {
  readonly records: number | undefined
  readonly seconds: number
}

export interface PartitionState extends Lag {
  /** Set where several data sets are shown as one. */
  readonly dataset?: string
  readonly topic: string
  readonly id: string
  /** Bytes of its log that a database keeps for the group; undefined for other sources. */
  readonly keptBytes?: number
}

export interface StageState {
  readonly stage: Stage
  /** Share of the last minute that the stage worked. It is above 1 if several ran in parallel. */
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
  /** Share of the records of the last five minutes that were rejected, from 0 to 1. */
  readonly share: number
  /** Reasons, most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly records: number }[]
  /** Recent samples, newest first. Their values must be escaped before they are shown. */
  readonly samples: readonly (RejectedSample & { readonly at: number })[]
}

export interface TableState extends OutputSize {
  readonly maintenance: readonly MaintenanceState[]
}

export interface MaintenanceState {
  readonly task: string
  /** When the task last succeeded, whether or not there was anything to do. */
  readonly succeededAt: number | undefined
  readonly failedAt: number | undefined
  readonly error: string | undefined
}

/** State at one moment, for the charts. */
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
  /** The greatest lag around the last commit, and the least. */
  readonly lagSeconds: number
  readonly lagLowSeconds: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

import type { ErrorCode } from '@millrace/base'
import type { MaintenanceTask, OutputSize, OutputStanding } from '@millrace/outputs'
import type { Behind, Partition } from '@millrace/transport'

/**
 * Events of a worker: for a block, for a stage of a batch, for a commit; never one for a record. Listeners must not
 * throw and must be quick: the work waits for them.
 */
export type WorkerEvent =
  /** The worker knows its data sets and begins to read; `mostBytesHeld` bounds the messages that it reads ahead. */
  | { readonly what: 'started'; readonly datasets: readonly StartedDataset[]; readonly mostBytesHeld: number }
  /** A pattern has found topics, each of which is a data set now; or other topics of a data set. */
  | { readonly what: 'found'; readonly datasets: readonly StartedDataset[] }
  /** A topic that a pattern found is read no longer: it is gone, or its pipeline has failed. */
  | { readonly what: 'left'; readonly dataset: string; readonly table: string }
  /** A topic that a pattern found can't be read for now, and is tried again; reported once for each reason. */
  | {
      readonly what: 'postponed'
      readonly dataset: string
      readonly topic: string
      readonly code: ErrorCode
      readonly message: string
    }
  /** A maintenance task of a table has ended. */
  | { readonly what: 'maintenance'; readonly maintenance: MaintenanceEvent }
  /** How large a table is, told after a commit or a maintenance task changed it. */
  | { readonly what: 'table'; readonly table: OutputSize }
  | PipelineEvent

export type PipelineEvent = { readonly dataset: string } & PipelineNews

export type PipelineNews =
  | ReadEvent
  | StageEvent
  | CommittedEvent
  | WaitEvent
  /** The outputs have said where they are, and reading begins from there. */
  | { readonly what: 'begun' }
  /** How the outputs of records are doing, told when something may have changed. */
  | { readonly what: 'outputs'; readonly outputs: readonly OutputNews[] }
  /** Partitions come to this worker, or are taken from it. */
  | { readonly what: 'assigned' | 'revoked'; readonly partitions: readonly Partition[] }
  /** A read brought nothing: the reader is at the end, or the source is slow. */
  | { readonly what: 'idle'; readonly partition: Partition }
  /** The interval between commits has changed, to stay within the daily number. */
  | { readonly what: 'paced'; readonly everyMs: number }
  /** Fields came, in some of the records that were looked at, that the data set does not know; reported once each. */
  | { readonly what: 'unknown fields'; readonly names: readonly string[] }
  /** A topic that this pipeline has progress in goes on from there, whatever start was asked for; reported once. */
  | { readonly what: 'known topic'; readonly topic: string }
  /** A batch is closed and goes on its way; in the end it is released, committed or not. */
  | { readonly what: 'batch'; readonly records: number; readonly bytes: number }
  /** A batch is prepared, and not yet committed: so many partitions of a table get files. */
  | { readonly what: 'prepared'; readonly table: string; readonly partitions: number }
  /** The blocks of a batch, so many of each partition, are held no longer: they are committed, or dropped. */
  | { readonly what: 'released'; readonly bytes: number; readonly blocks: ReadonlyMap<Partition, number> }

export type Report = (news: PipelineNews) => void

export interface OutputNews extends OutputStanding {
  /** Without settings and secrets. */
  readonly address: string
  /** Set where it is left out for now: it gets what it has missed when it is attached again. */
  readonly isDetached?: true
}

export type WaitEvent =
  /** A try failed and will be made again; reported at every such try. */
  | { readonly what: 'waits'; readonly code: ErrorCode; readonly message: string }
  /** No step waits any more. */
  | { readonly what: 'goes on' }

/** Result of a maintenance task of a table. */
export interface MaintenanceEvent {
  readonly table: string
  readonly task: MaintenanceTask['name']
  readonly outcome: 'done' | 'nothing to do' | 'failed'
  readonly ms: number
  readonly error?: unknown
}

export interface StartedDataset {
  readonly dataset: string
  readonly table: string
  readonly topics: readonly string[]
}

/** A block was read from a partition. */
export interface ReadEvent {
  readonly what: 'read'
  readonly partition: Partition
  readonly records: number
  readonly bytes: number
  /** The source's time of the block's first record, milliseconds since 1970; undefined where it has no record. */
  readonly firstTime: number | undefined
  readonly behind: Behind | undefined
  /** How long the source took. */
  readonly ms: number
}

/** Cleaning includes writing Parquet: the engine does both in one go. */
export type Stage = 'fetch' | 'clean' | 'upload' | 'commit'

/** A batch has passed a stage. */
export interface StageEvent {
  readonly what: 'stage'
  readonly stage: Exclude<Stage, 'fetch'>
  readonly ms: number
}

/** Rows and progress of a batch are in the table. */
export interface CommittedEvent {
  readonly what: 'committed'
  readonly version: number
  readonly rows: number
  readonly filtered: number
  readonly quarantined: number
  /** Bytes of messages. */
  readonly bytes: number
  readonly files: number
  readonly fileBytes: number
  /** How old records were just then: of some of them, spread evenly. */
  readonly agesMs: readonly number[]
  /** The last one's source time. */
  readonly lastTime: number | undefined
  /** How many records were rejected for each kind of reason. */
  readonly reasons: ReadonlyMap<string, number>
  readonly samples: readonly RejectedSample[]
}

/** A rejected record for people to look at: where it is, and how it begins. What it holds is hostile until escaped. */
export interface RejectedSample {
  readonly topic: string
  readonly partition: string
  readonly offset: string
  readonly reason: string
  readonly value: string | null
}

import type { Batch } from '../feed.ts'

/** Target of records. */
export interface Sink {
  /** Resolves once all records are durable. Rejects with an AbortError if it was stopped before that. */
  send(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** Topic or stream of a data set, and the key that distinguishes its records from others there. */
export interface Target {
  readonly topic: string
  readonly key?: string
}

export type TargetOf = (dataset: string) => Target

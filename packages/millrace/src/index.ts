import type { BatchRunOptions } from './library/batch.ts'
import type { CleanedRecords, CleanOptions } from './library/clean.ts'
import type { DatasetDefinition } from './library/dataset.ts'

/** @public */
export { type ErrorCode, type JoinedValues, joinValues, MillraceError, type Runtime, valueAt } from '@millrace/base'
/** @public */
export type { BatchResult } from '@millrace/batch'
/** @public */
export type { Format, RawMessages, ReadMessages, RejectedMessage, UnpackedMessages } from '@millrace/formats'
/** @public */
export type { CleanedBatch, OpenOutput, Output, OutputContext, Prepared, StoredAdvance } from '@millrace/outputs'
/** @public */
export type { StreamTotals, WorkerEvent } from '@millrace/stream'
/** @public */
export type {
  Block,
  End,
  OpenSource,
  Partition,
  PartitionListener,
  Position,
  Source,
  SourceOptions,
} from '@millrace/transport'
/** @public */
export { endAt } from '@millrace/transport'
/** @public */
export * from './delta.ts'
/** @public */
export type { BatchRunOptions } from './library/batch.ts'
/** @public */
export type { CleanedRecords, CleanOptions } from './library/clean.ts'
/** @public */
export type { DatasetDefinition, FieldDefinition } from './library/dataset.ts'
/** @public */
export { defineConfig, defineDataset, defineFormat, defineOutput, defineSource, defineStore } from './library/define.ts'
/** @public */
export { createWorker, type EventName, type RunOptions, type Worker, type WorkerOptions } from './library/worker.ts'
/** @public */
export type { Config } from './settings/config.ts'

// What does the work is loaded when it is called: a configuration file imports this module too.

/**
 * Finishes unfinished earlier runs, and then does the daily run of a date.
 * @public
 */
export async function runBatch(options: BatchRunOptions): Promise<import('@millrace/batch').BatchResult> {
  return (await import('./library/batch.ts')).runBatch(options)
}

/**
 * Cleans records as a worker would, without a source and without a lake.
 * @public
 */
export async function cleanRecords(
  dataset: DatasetDefinition | string,
  records: readonly (string | Uint8Array | object | null)[],
  options?: CleanOptions,
): Promise<CleanedRecords> {
  return (await import('./library/clean.ts')).cleanRecords(dataset, records, options)
}

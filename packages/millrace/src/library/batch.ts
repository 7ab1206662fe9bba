import { systemRuntime } from '@millrace/base'
import type { BatchResult } from '@millrace/batch'
import { tableNames } from '../settings/table-names.ts'

export interface BatchRunOptions {
  /** The date of the run, YYYY-MM-DD. */
  readonly date: string
  readonly lake: string
  /** A raw landing or a database. Without it the run reads the tables that workers wrote. */
  readonly raw?: string
  readonly datasets: readonly string[]
  readonly datasetFolders: readonly string[]
  readonly questionFolders?: readonly string[]
  /** Which topics or folders of raw records hold which data set: those of its name unless said. */
  readonly topics?: Readonly<Record<string, readonly string[]>>
  /** Tables of the lake that are not called as their data set is. */
  readonly tables?: Readonly<Record<string, string>>
  /** Tables of a database that are not called as their data set is. */
  readonly databaseTables?: Readonly<Record<string, string>>
  /** Where the answers' files go: ./reports unless said. */
  readonly out?: string
  /** Reads everything again, not only what is new since the last run. */
  readonly full?: boolean
  /** The largest share of a table's records, from 0 to 1, that may be rejected in a run that counts as done: 0.1 unless said. */
  readonly maxRefused?: number
  /** For each data set the columns of its table that it does not fill and that may be NULL. */
  readonly nullColumns?: Readonly<Record<string, readonly string[]>>
  readonly signal?: AbortSignal
}

/** Finishes unfinished earlier runs, and then does the daily run of a date. */
export async function runBatch(options: BatchRunOptions): Promise<BatchResult> {
  const { questionFolders = [], topics = {}, databaseTables = {}, out = './reports', full = false, signal } = options
  const { maxRefused = 0.1, nullColumns = {} } = options
  const { runBatch: run } = await import('@millrace/batch')
  const openRows: Parameters<typeof run>[0]['openRows'] = async (address, datasets, runtime) => {
    const { openFeed } = await import('@millrace/ingest')
    const { datasetFolders } = options
    return openFeed(address, { datasets, datasetFolders, databaseTables, mode: 'all', seed: 0 }, runtime)
  }
  const tableOf = tableNames(options)
  const settings = { ...options, tableOf, questionFolders, topics, out, full, maxRefused, nullColumns, openRows }
  return run(settings, systemRuntime, signal ?? new AbortController().signal)
}

import { commentedField, openTable, planScan, type StructType, withScan } from '@millrace/delta'
import { filesOf, openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'

/** Folder of the daily run's tables, and their schema in SQL. */
export const BATCH = 'batch'

/** Table with one row for each finished run. The table versions in it are complete. */
export const RUNS_TABLE = `${BATCH}/runs`

export const RUNS_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    commentedField('run_date', 'string', 'Date of the run'),
    commentedField('attempt', 'long', 'Number of the attempt at this date, from 1'),
    commentedField('started_at', 'timestamp', 'When this attempt was planned'),
    commentedField('finished_at', 'timestamp', 'When all tables and files were written'),
    commentedField('source', 'string', 'Where the records came from'),
    commentedField('records', 'long', 'Records read, of all tables'),
    commentedField('rows', 'long', 'New rows, of all tables'),
    commentedField('rejected', 'long', 'Records in quarantine'),
    commentedField('versions', 'string', "JSON: each table's version after the run. Read the tables at these"),
    commentedField('details', 'string', 'JSON: counts of the records of each table, and how long each step took'),
  ],
}

/** Counts of the records of one table in one run. */
export interface TableAccount {
  readonly table: string
  readonly records: number
  /** New rows of the table. */
  readonly rows: number
  readonly duplicates: number
  /** Rows that an expectation dropped. */
  readonly filtered: number
  /** Records in quarantine. */
  readonly rejected: number
}

export interface StepTime {
  readonly step: string
  readonly seconds: number
}

/** Record of a finished run. */
export interface RunRecord {
  /** YYYY-MM-DD */
  readonly date: string
  readonly attempt: number
  /** Milliseconds since 1970. */
  readonly started: number
  readonly finished: number
  readonly source: string
  /** Table versions by the table's path in the lake. */
  readonly versions: Readonly<Record<string, number>>
  readonly tables: readonly TableAccount[]
  readonly steps: readonly StepTime[]
}

/** Reads all finished runs, newest first. A date that was repeated has several attempts. */
export async function readRuns(store: ObjectStore): Promise<RunRecord[]> {
  const snapshot = await openTable({ store, path: RUNS_TABLE })
  if (!snapshot) return []
  const engine = await openDuckDB({ files: filesOf(store), threads: 1 })
  try {
    const connection = await engine.connect()
    const reader = await withScan(planScan(snapshot), connection, (rows) =>
      connection.runAndReadAll(`SELECT run_date, attempt, epoch_ms(started_at), epoch_ms(finished_at), source, versions, details
        FROM (${rows}) ORDER BY finished_at DESC, run_date DESC, attempt DESC`),
    )
    return reader.getRows().map(([date, attempt, started, finished, source, versions, details]) => ({
      date: String(date),
      attempt: Number(attempt),
      started: Number(started),
      finished: Number(finished),
      source: String(source),
      versions: JSON.parse(String(versions)),
      ...(JSON.parse(String(details)) as Pick<RunRecord, 'tables' | 'steps'>),
    }))
  } finally {
    engine.close()
  }
}

import { commentedField, openTable, planScan, type StructType, withScan } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'

/** Where the daily run keeps its tables; in SQL a schema of this name. */
export const BATCH = 'batch'

/** The table that has a row for each finished run: what it names is whole. */
export const RUNS_TABLE = `${BATCH}/runs`

export const RUNS_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    commentedField('run_date', 'string', 'The date that the run is called by'),
    commentedField('attempt', 'long', '1, and one more each time that the date was done anew'),
    commentedField('started_at', 'timestamp', 'When this attempt was begun for the first time'),
    commentedField('finished_at', 'timestamp', 'When everything was there'),
    commentedField('source', 'string', 'Where the records came from'),
    commentedField('records', 'long', 'Records read, of all tables'),
    commentedField('rows', 'long', 'Rows that they became'),
    commentedField('refused', 'long', 'Records in quarantine'),
    commentedField('versions', 'string', "JSON: each table's version after the run. Read the tables at these"),
    commentedField('details', 'string', 'JSON: what became of the records of each table, and how long each step took'),
  ],
}

/** What became of the records of one table in one run. */
export interface TableAccount {
  readonly table: string
  readonly records: number
  /** Rows that are new in the table. */
  readonly rows: number
  readonly duplicates: number
  /** Rows that an expectation dropped. */
  readonly filtered: number
  /** In quarantine. */
  readonly refused: number
}

export interface StepTime {
  readonly step: string
  readonly seconds: number
}

/** A finished run. */
export interface RunRecord {
  /** YYYY-MM-DD */
  readonly date: string
  readonly attempt: number
  /** Milliseconds since 1970. */
  readonly started: number
  readonly finished: number
  readonly source: string
  /** By the table's path in the lake. */
  readonly versions: Readonly<Record<string, number>>
  readonly tables: readonly TableAccount[]
  readonly steps: readonly StepTime[]
}

/** Every finished run, the last one first. Of a date that was done anew all attempts are there. */
export async function readRuns(store: ObjectStore): Promise<RunRecord[]> {
  const snapshot = await openTable({ store, path: RUNS_TABLE })
  if (!snapshot) return []
  const engine = await openDuckDB({ threads: 1 })
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

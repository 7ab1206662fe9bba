import { operate } from './operate.ts'
import type { HttpAddress } from './services/python.ts'
import type { S3Address } from './services/s3.ts'

/** Integers beyond 2^53, decimals and times come as text: nothing is rounded on the way. */
type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

interface ColumnStats {
  readonly count: number
  readonly nulls: number
  readonly min?: Plain
  readonly max?: Plain
  readonly sum?: Plain
  /** Of text and binary: the length of all values together. */
  readonly bytes?: number
  /** Of nested values: equal for the same values in any order. */
  readonly digest?: number
}

export interface TableStats {
  readonly version: number
  readonly rows: number
  readonly columns: Readonly<Record<string, ColumnStats>>
}

export interface JudgedTable extends TableStats {
  /** As the table's own metadata has it. */
  readonly schema: Plain
  readonly partitionColumns: readonly string[]
  readonly files: number
  readonly protocol: { readonly reader: number; readonly writer: number }
}

interface At {
  /** A folder, or s3://bucket/path together with `s3`. */
  readonly table: string
  readonly s3?: S3Address
}

type Row = Readonly<Record<string, Plain>>

/** What one of the judge's engines reads at this version (the latest, if none is asked for). */
export function judgeStats(
  judge: HttpAddress,
  what: At & { readonly engine?: 'delta-rs' | 'polars' | 'pyarrow'; readonly version?: number },
): Promise<JudgedTable> {
  return operate(judge, 'stats', what)
}

/** SQL by delta-rs, in which the table is called `t`. */
export function judgeSql(judge: HttpAddress, what: At & { readonly sql: string }): Promise<readonly Row[]> {
  return operate(judge, 'sql', what)
}

/** Appends by delta-rs, making the table if need be; answers the table's version. */
export function judgeAppend(
  judge: HttpAddress,
  what: At & { readonly rows: readonly Row[]; readonly partitionBy?: readonly string[] },
): Promise<number> {
  return operate(judge, 'append', what)
}

/** Merges by delta-rs, deleting the rows of which the SQL `deleteWhen` over `s` is true; answers the table's version. */
export function judgeUpsert(
  judge: HttpAddress,
  what: At & { readonly rows: readonly Row[]; readonly key: string; readonly deleteWhen: string },
): Promise<number> {
  return operate(judge, 'upsert', what)
}

/** An Arrow IPC file as pyarrow reads it. */
export function judgeArrowFile(
  judge: HttpAddress,
  path: string,
): Promise<{
  readonly types: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  readonly batches: number
}> {
  return operate(judge, 'arrowFile', { path })
}

/** SQL by Spark; the settings are for this statement alone, in a session of its own. */
export function sparkSql(
  spark: HttpAddress,
  sql: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<readonly Row[]> {
  return operate(spark, 'sql', { sql, settings })
}

export function sparkStats(
  spark: HttpAddress,
  what: { readonly table: string; readonly version?: number },
): Promise<TableStats> {
  return operate(spark, 'stats', what)
}

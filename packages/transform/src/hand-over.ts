import type { DuckDBConnection } from '@duckdb/node-api'
import type { Dataset } from './dataset.ts'
import { type Dropped, droppedByBlock } from './dropped.ts'
import type { Examined } from './examine.ts'
import { failedBitsOrError } from './expectations.ts'
import { type LineFiles, writeLines } from './line-files.ts'
import { cleanRows, columnList, FAILED, fastRaw, keptRows } from './queries.ts'
import type { Selection } from './selection.ts'
import { type Tally, tallyRows } from './tally.ts'

/** What became of clean rows that were handed over. */
export interface Written<T> {
  readonly result: T
  /** A SELECT of the rows as they are now: what is said of them goes by it. */
  readonly rows: string
  /** Some record is in doubt after all: all rows will be handed over once more. */
  discard(): Promise<void>
}

/** Takes a SELECT that gives the clean rows, `count` at most; it reads each of them once, on this connection. */
export type UseRows<T> = (query: string, connection: DuckDBConnection, count: number) => Promise<Written<T>>

export interface HandedOver<T> {
  readonly result: T
  readonly tally: Tally
  readonly dropped: Dropped
}

/**
 * Hands `use` the clean rows of records that the fast reader takes, read in one statement from a file of their
 * bytes, together with those that are in a table already. The page cache keeps such a file in memory: it is as fast
 * as /dev/shm, without its limits. An error where a record is in doubt after all, undefined where rows out are not
 * records in.
 */
export async function handOver<T>(
  dataset: Dataset,
  good: Selection,
  examined: Examined | undefined,
  files: LineFiles,
  connection: DuckDBConnection,
  use: UseRows<T>,
): Promise<HandedOver<T> | undefined> {
  await writeLines(files, good)
  const fast = cleanRows(dataset, fastRaw(dataset, files), failedBitsOrError(dataset.expectations))
  const all = examined ? `${fast} UNION ALL SELECT ${columnList(dataset)}, ${FAILED} FROM ${examined.table}` : fast
  const records = good.length + (examined?.good ?? 0)
  const written = await use(keptRows(dataset, all), connection, records)
  const tally = await tallyRows(dataset, written.rows, records, connection)
  const dropped = await droppedByBlock(dataset, good, files, connection)
  if (tally.rows + dropped.rows + (examined?.dropped.length ?? 0) === records) {
    return { result: written.result, tally, dropped }
  }
  await written.discard()
  return undefined
}

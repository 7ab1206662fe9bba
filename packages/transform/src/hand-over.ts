import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { runBeside } from '@millrace/lake'
import type { Dataset } from './dataset.ts'
import { expectationBits, failedBits, failedBitsOrError } from './expectations.ts'
import { type LineFiles, writeLines } from './line-files.ts'
import { cleanRows, columnList, FAILED, fastRaw, HASH, rowHash } from './queries.ts'
import { type Selection, withinBlock } from './selection.ts'
import { tallyRows } from './tally.ts'

const CLEANED = 'millrace_cleaned'

/** Takes a SELECT that gives the clean rows; it reads each of them once, on this connection, and says how many came. */
export type UseRows<T> = (query: string, connection: DuckDBConnection) => Promise<T>

export interface HandedOver<T> {
  readonly result: T
  readonly rows: number
  readonly dropped: number
  readonly hash: bigint
  /** For each expectation, how many rows failed it. */
  readonly failed: readonly number[]
}

/**
 * Hands `use` the clean rows of records that the fast reader takes, read in one statement from a file of their
 * bytes, together with those that are in the table `examined` already. The page cache keeps such a file in
 * memory: it is as fast as /dev/shm, without its limits. An error where a record is in doubt after all, undefined
 * where rows out are not records in: `use` has not been called then.
 */
export async function handOver<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  good: Selection,
  examined: { readonly table: string; readonly good: number } | undefined,
  files: LineFiles,
  connection: DuckDBConnection,
  use: UseRows<T>,
): Promise<HandedOver<T> | undefined> {
  const records = good.length + (examined?.good ?? 0)
  await writeLines(files, good)
  const columns = columnList(dataset)
  const fast = cleanRows(dataset, fastRaw(dataset, files), failedBitsOrError(dataset.expectations))
  const all = examined === undefined ? fast : `${fast} UNION ALL SELECT ${columns}, ${FAILED} FROM ${examined.table}`
  await runBeside(
    connection,
    `CREATE OR REPLACE TEMP TABLE ${CLEANED} AS SELECT *, ${rowHash(dataset)} AS ${HASH} FROM (${all})`,
  )
  const dropBits = expectationBits(dataset.expectations, 'drop')
  const { seen, dropped, hash, failed } = await tallyRows(connection, CLEANED, dropBits)
  if (seen !== records) return undefined
  const result = await use(`SELECT ${columns} FROM ${CLEANED} WHERE ${FAILED} & ${dropBits} = 0`, connection)
  const rows = Number(result.rows)
  if (rows + dropped !== seen) {
    throw new MillraceError(
      'INTERNAL',
      `data set ${dataset.name}: ${seen - dropped} rows were clean, ${rows} were read`,
    )
  }
  return { result, rows, dropped, hash, failed: dataset.expectations.map((_, i) => failed(i)) }
}

/** The clean rows don't say which block they are from: each block is asked by itself how many it drops. */
export async function droppedByBlock(
  dataset: Dataset,
  good: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
): Promise<number[]> {
  const drop = expectationBits(dataset.expectations, 'drop')
  const counts: number[] = []
  for (const block of good.blocks.keys()) {
    await writeLines(files, withinBlock(good, block))
    const rows = cleanRows(dataset, fastRaw(dataset, files), failedBits(dataset.expectations))
    const reader = await connection.runAndReadAll(`SELECT count(*) FROM (${rows}) WHERE ${FAILED} & ${drop} <> 0`)
    counts.push(Number(reader.getRows()[0]?.[0]))
  }
  return counts
}

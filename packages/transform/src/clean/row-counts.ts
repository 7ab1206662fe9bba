import type { DuckDBConnection, DuckDBResultReader } from '@duckdb/node-api'
import type { StagedFile } from '@millrace/delta'
import { runBeside } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { expectationBits, failedBits } from '../dataset/expectations.ts'
import { cleanRows, columnList, FAILED, fastRaw, type RecordSource, typedRows } from './sql/queries.ts'

export interface RowCounts {
  readonly rows: number
  /** For each expectation, how many rows fail it. */
  readonly failed: readonly number[]
}

/** Rows that expectations drop. */
export interface DroppedCounts {
  readonly rows: number
  /** For each block. */
  readonly filtered: readonly number[]
  /** For each expectation, how many of them fail it. */
  readonly failed: readonly number[]
}

/**
 * Counts the rows that have been written. None of them fails an expectation but those that say keep: where there are
 * such, `rows` are read back, of the columns only what those ask for.
 */
export async function countWritten(
  dataset: Dataset,
  files: readonly StagedFile[],
  rows: () => string,
  connection: DuckDBConnection,
): Promise<RowCounts> {
  const { expectations } = dataset
  const kept = expectationBits(expectations, 'keep')
  const written = files.reduce((sum, { rows: ofFile }) => sum + Number(ofFile), 0)
  if (kept === 0) return { rows: written, failed: failuresOf(expectations.length, []) }
  const reader = await runBeside(
    connection,
    `SELECT ${failedBits(expectations, kept)} AS ${FAILED}, count(*) FROM (${typedRows(dataset, rows())}) GROUP BY ${FAILED}`,
    written,
  )
  return rowCounts(expectations.length, groupsIn(reader))
}

/**
 * Counts rows that are not written, of which there should be `expected`. Computes all of each row, as writing would.
 */
export async function countComputed(
  dataset: Dataset,
  rows: string,
  expected: number,
  connection: DuckDBConnection,
): Promise<RowCounts> {
  const { expectations } = dataset
  const reader = await runBeside(
    connection,
    `SELECT ${failedBits(expectations)} AS ${FAILED}, count(*), bit_xor(hash(${columnList(dataset)}))
     FROM (${rows}) GROUP BY ${FAILED}`,
    expected,
  )
  return rowCounts(expectations.length, groupsIn(reader))
}

/**
 * Counts the rows that expectations drop, a block at a time: written rows do not say which block they are from. `sourceOf`
 * writes the records of a block alone.
 */
export async function countDropped(
  dataset: Dataset,
  blocks: number,
  sourceOf: (block: number) => Promise<RecordSource>,
  connection: DuckDBConnection,
): Promise<DroppedCounts> {
  const { expectations } = dataset
  const drop = expectationBits(expectations, 'drop')
  const filtered = Array.from({ length: blocks }, () => 0)
  if (drop === 0) return { rows: 0, filtered, failed: failuresOf(expectations.length, []) }
  const gone: Group[] = []
  for (const block of filtered.keys()) {
    const rows = cleanRows(dataset, fastRaw(dataset, await sourceOf(block)), failedBits(expectations))
    const reader = await connection.runAndReadAll(
      `SELECT ${FAILED}, count(*) FROM (${rows}) WHERE ${FAILED} & ${drop} <> 0 GROUP BY ${FAILED}`,
    )
    const groups = groupsIn(reader)
    filtered[block] = sumOf(groups)
    gone.push(...groups)
  }
  return { rows: sumOf(gone), filtered, failed: failuresOf(expectations.length, gone) }
}

/** Rows that fail the same expectations. */
interface Group {
  readonly bits: number
  readonly rows: number
}

function groupsIn(reader: DuckDBResultReader): Group[] {
  return reader.getRows().map(([bits, count]) => ({ bits: Number(bits), rows: Number(count) }))
}

function rowCounts(expectations: number, groups: readonly Group[]): RowCounts {
  return { rows: sumOf(groups), failed: failuresOf(expectations, groups) }
}

function sumOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}

/** Returns for each of so many expectations the number of rows that fail it. */
function failuresOf(expectations: number, groups: readonly Group[]): number[] {
  return Array.from({ length: expectations }, (_, i) => sumOf(groups.filter(({ bits }) => bits & (1 << i))))
}

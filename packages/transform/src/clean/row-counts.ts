import type { DuckDBConnection } from '@duckdb/node-api'
import { runBeside } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { expectationBits, failedBits } from '../dataset/expectations.ts'
import { type LineFiles, writeLines } from './line-files.ts'
import { cleanRows, FAILED, fastRaw, rowsHash, typedRows } from './queries.ts'
import { type Selection, withinBlock } from './selection.ts'

export interface RowCounts {
  readonly rows: number
  /** Computed as `rowsHash` does. */
  readonly hash: bigint
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

/** Counts and hashes clean rows, of which there should be `expected`. */
export async function countRows(
  dataset: Dataset,
  rows: string,
  expected: number,
  connection: DuckDBConnection,
): Promise<RowCounts> {
  const { expectations } = dataset
  const reader = await runBeside(
    connection,
    `SELECT ${failedBits(expectations)} AS ${FAILED}, count(*)::INTEGER, ${rowsHash(dataset)}
     FROM (${typedRows(dataset, rows)}) GROUP BY ${FAILED}`,
    expected,
  )
  const groups = reader.getRows().map(([bits, alike, hash]) => {
    return { bits: Number(bits), rows: Number(alike), hash: hash as bigint }
  })
  const hash = groups.reduce((sum, group) => sum + group.hash, 0n)
  return { rows: sumOf(groups), hash: BigInt.asUintN(64, hash), failed: failuresOf(expectations.length, groups) }
}

/** Counts the rows that expectations drop, a block at a time: written rows do not say which block they are from. */
export async function countDropped(
  dataset: Dataset,
  good: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
): Promise<DroppedCounts> {
  const { expectations } = dataset
  const drop = expectationBits(expectations, 'drop')
  const filtered = good.blocks.map(() => 0)
  if (drop === 0) return { rows: 0, filtered, failed: failuresOf(expectations.length, []) }
  const gone: Group[] = []
  for (const block of good.blocks.keys()) {
    await writeLines(files, withinBlock(good, block))
    const rows = cleanRows(dataset, fastRaw(dataset, files), failedBits(expectations))
    const reader = await connection.runAndReadAll(
      `SELECT ${FAILED}, count(*) FROM (${rows}) WHERE ${FAILED} & ${drop} <> 0 GROUP BY ${FAILED}`,
    )
    const groups = reader.getRows().map(([bits, count]) => ({ bits: Number(bits), rows: Number(count) }))
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

function sumOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}

/** Returns for each of so many expectations the number of rows that fail it. */
function failuresOf(expectations: number, groups: readonly Group[]): number[] {
  return Array.from({ length: expectations }, (_, i) => sumOf(groups.filter(({ bits }) => bits & (1 << i))))
}

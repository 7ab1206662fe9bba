import type { DuckDBConnection } from '@duckdb/node-api'
import { runBeside } from '@millrace/engine'
import type { Dataset } from './dataset.ts'
import { failedBits } from './expectations.ts'
import { FAILED, rowsHash, typedRows } from './queries.ts'

/** What there is to say of clean rows. */
export interface Tally {
  readonly rows: number
  /** As `rowsHash` has it. */
  readonly hash: bigint
  /** For each expectation, how many rows fail it. */
  readonly failed: readonly number[]
}

/** `count` is how many there should be. */
export async function tallyRows(
  dataset: Dataset,
  rows: string,
  count: number,
  connection: DuckDBConnection,
): Promise<Tally> {
  const { expectations } = dataset
  const reader = await runBeside(
    connection,
    `SELECT ${failedBits(expectations)} AS ${FAILED}, count(*)::INTEGER, ${rowsHash(dataset)}
     FROM (${typedRows(dataset, rows)}) GROUP BY ${FAILED}`,
    count,
  )
  const groups = reader.getRows().map(([bits, alike, hash]) => {
    return { bits: Number(bits), rows: Number(alike), hash: hash as bigint }
  })
  const hash = groups.reduce((sum, group) => sum + group.hash, 0n)
  return { rows: countOf(groups), hash: BigInt.asUintN(64, hash), failed: failures(expectations.length, groups) }
}

/** Rows that fail the same expectations. */
export interface Group {
  readonly bits: number
  readonly rows: number
}

export function countOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}

/** For each of so many expectations, the rows that fail it. */
export function failures(expectations: number, groups: readonly Group[]): number[] {
  return Array.from({ length: expectations }, (_, i) => countOf(groups.filter(({ bits }) => bits & (1 << i))))
}

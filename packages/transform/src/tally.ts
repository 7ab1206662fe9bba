import type { DuckDBConnection } from '@duckdb/node-api'
import { FAILED, HASH } from './queries.ts'

/** What became of a table of clean rows. */
export interface Tally {
  readonly seen: number
  readonly dropped: number
  /** The rows that stay: the sum of their hashes, modulo 2^64, whatever their order. */
  readonly hash: bigint
  /** How many rows each expectation failed for. */
  failed(expectation: number): number
}

/** `dropBits` are the expectations whose rows are dropped. */
export async function tallyRows(connection: DuckDBConnection, table: string, dropBits: number): Promise<Tally> {
  const reader = await connection.runAndReadAll(
    `SELECT ${FAILED}, count(*)::INTEGER, sum(${HASH})::VARCHAR FROM ${table} GROUP BY ${FAILED}`,
  )
  const groups = reader.getRows().map(([bits, rows, hash]) => {
    return { bits: Number(bits), rows: Number(rows), hash: BigInt(String(hash)) }
  })
  const rowsOf = (some: typeof groups) => some.reduce((sum, { rows }) => sum + rows, 0)
  const stay = groups.filter(({ bits }) => (bits & dropBits) === 0)
  return {
    seen: rowsOf(groups),
    dropped: rowsOf(groups) - rowsOf(stay),
    hash: BigInt.asUintN(
      64,
      stay.reduce((sum, { hash }) => sum + hash, 0n),
    ),
    failed: (expectation) => rowsOf(groups.filter(({ bits }) => bits & (1 << expectation))),
  }
}

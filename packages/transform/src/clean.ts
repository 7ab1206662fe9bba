import type { DuckDBConnection } from '@duckdb/node-api'
import { type JoinedValues, MillraceError, type Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/lake'
import { carefulRows } from './careful.ts'
import type { Dataset } from './dataset.ts'
import { failedBits } from './expectations.ts'
import { fastRows } from './fast.ts'
import { cleanRows, emptyRaw } from './queries.ts'
import type { UnknownFields } from './unknown-fields.ts'

/** A record that may not enter its table. Its bytes are still in its block. */
export interface BadRecord {
  /** Which of the blocks, and which of its values. */
  readonly block: number
  readonly index: number
  readonly reason: string
}

/** What became of the records: `rows` + `filtered` + `bad` are all of them. */
export interface Fates {
  readonly rows: number
  /** The sum of the rows' hashes modulo 2^64, whatever their order. */
  readonly hash: bigint
  readonly bad: readonly BadRecord[]
  /** For each block, how many rows an expectation dropped. */
  readonly filtered: readonly number[]
  /** How many rows each expectation failed for. */
  readonly failed: ReadonlyMap<string, number>
  readonly unknown: UnknownFields
  readonly path: 'fast' | 'careful'
}

export interface CleanParts {
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
  /** How people know a record, for an expectation that says stop. */
  readonly nameOf?: (block: number, index: number) => string
}

/** Takes a SELECT that gives the clean rows; it must read each of them once, on this connection, and say how many came. */
export type UseRows<T> = (query: string, connection: DuckDBConnection) => Promise<T>

/**
 * Hands `use` a SELECT that gives the blocks' clean rows, valid until it settles, and says what became of
 * each record. A record is bad or good by the same rules on both paths: the fast one reads all records in
 * one go and gives up on the first doubt; the careful one finds out which of them are bad. So `use` may be
 * called a second time; the first call has then failed.
 */
export async function withCleanRows<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  parts: CleanParts,
  use: UseRows<T>,
): Promise<{ readonly result: T; readonly fates: Fates }> {
  const connection = await parts.engine.connect()
  try {
    await checkSql(dataset, connection)
    const fast = blocks.some(({ careful }) => careful)
      ? undefined
      : await fastRows(dataset, blocks, parts, connection, use)
    return fast ?? (await carefulRows(dataset, blocks, parts, connection, use))
  } finally {
    connection.closeSync()
  }
}

const checked = new WeakSet<Dataset>()

/** SQL that does not fit its own description fails for every record, and is none's fault. */
async function checkSql(dataset: Dataset, connection: DuckDBConnection): Promise<void> {
  if (checked.has(dataset)) return
  try {
    await connection.run(cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations)))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `data set ${dataset.name}: ${message}`, { cause })
  }
  checked.add(dataset)
}

import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { JoinedValues } from '@millrace/base'
import type { CleanParts, Fates, UseRows } from './clean.ts'
import type { Dataset } from './dataset.ts'
import { expectationBits, failedBits, failedBitsOrError } from './expectations.ts'
import { cleanRows, columnList, FAILED, fastRaw, knownNames, rowHash } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { beginTally } from './tally.ts'
import { sampleUnknownFields } from './unknown-fields.ts'

/**
 * All records in one statement over a file of their bytes. The page cache keeps that file in memory, as fast
 * as /dev/shm would be and without its limits. Undefined where any record is in doubt.
 */
export async function fastRows<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  { engine, workFolder, runtime }: CleanParts,
  connection: DuckDBConnection,
  use: UseRows<T>,
): Promise<{ result: T; fates: Fates } | undefined> {
  const values = blocks.reduce((sum, { count }) => sum + count, 0)
  const file = join(workFolder, `${runtime.uuid()}.jsonl`)
  const tally = await beginTally(engine, expectationBits(dataset.expectations, 'drop'))
  try {
    await writeBlocks(file, blocks)
    const rows = cleanRows(dataset, fastRaw(dataset, [file]), failedBitsOrError(dataset.expectations))
    const query = `SELECT ${columnList(dataset)} FROM (${rows}) WHERE ${tally.where(rowHash(dataset), FAILED)}`
    const result = await use(query, connection)
    const kept = Number(result.rows)
    if (tally.seen !== values || kept + tally.dropped !== values) return undefined
    const filtered =
      tally.dropped === 0 ? blocks.map(() => 0) : await droppedPerBlock(dataset, blocks, file, connection)
    if (filtered.reduce((sum, n) => sum + n, 0) !== tally.dropped) return undefined
    const failed = new Map(dataset.expectations.map(({ name }, i) => [name, tally.failed(i)]))
    const unknown = sampleUnknownFields(blocks, new Set(knownNames(dataset)))
    return { result, fates: { rows: kept, hash: tally.hash, bad: [], filtered, failed, unknown, path: 'fast' } }
  } catch (error) {
    if (isAboutRecords(error)) return undefined
    throw error
  } finally {
    tally.end()
    await rm(file, { force: true })
  }
}

/** The clean rows don't say which block they are from; where some are dropped, each block is asked by itself. */
async function droppedPerBlock(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  file: string,
  connection: DuckDBConnection,
): Promise<number[]> {
  const drop = expectationBits(dataset.expectations, 'drop')
  const counts: number[] = []
  for (const block of blocks) {
    await writeBlocks(file, [block])
    const rows = cleanRows(dataset, fastRaw(dataset, [file]), failedBits(dataset.expectations))
    const reader = await connection.runAndReadAll(`SELECT count(*) FROM (${rows}) WHERE ${FAILED} & ${drop} <> 0`)
    counts.push(Number(reader.getRows()[0]?.[0]))
  }
  return counts
}

async function writeBlocks(path: string, blocks: readonly JoinedValues[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const { bytes } of blocks) await file.writeFile(bytes)
  } finally {
    await file.close()
  }
}

import type { DuckDBConnection } from '@duckdb/node-api'
import type { Dataset } from './dataset.ts'
import { expectationBits, failedBits } from './expectations.ts'
import { type LineFiles, writeLines } from './line-files.ts'
import { cleanRows, FAILED, fastRaw } from './queries.ts'
import { type Selection, withinBlock } from './selection.ts'
import { countOf, failures, type Group } from './tally.ts'

/** The rows that expectations drop. */
export interface Dropped {
  readonly rows: number
  /** For each block. */
  readonly filtered: readonly number[]
  /** For each expectation, how many of them fail it. */
  readonly failed: readonly number[]
}

/** What is written says nothing of them, and rows not which block they are from: each block is asked by itself. */
export async function droppedByBlock(
  dataset: Dataset,
  good: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
): Promise<Dropped> {
  const { expectations } = dataset
  const drop = expectationBits(expectations, 'drop')
  const filtered = good.blocks.map(() => 0)
  if (drop === 0) return { rows: 0, filtered, failed: failures(expectations.length, []) }
  const gone: Group[] = []
  for (const block of good.blocks.keys()) {
    await writeLines(files, withinBlock(good, block))
    const rows = cleanRows(dataset, fastRaw(dataset, files), failedBits(expectations))
    const reader = await connection.runAndReadAll(
      `SELECT ${FAILED}, count(*) FROM (${rows}) WHERE ${FAILED} & ${drop} <> 0 GROUP BY ${FAILED}`,
    )
    const groups = reader.getRows().map(([bits, count]) => ({ bits: Number(bits), rows: Number(count) }))
    filtered[block] = countOf(groups)
    gone.push(...groups)
  }
  return { rows: countOf(gone), filtered, failed: failures(expectations.length, gone) }
}

import { discardStaged, onlyTaken, type StagedFile, stagedRows, stageRows } from '@millrace/delta'
import type { BlockColumns } from '@millrace/formats'
import { failedBitsOrError } from '../dataset/expectations.ts'
import { rowsIn, writeColumns } from './files/column-file.ts'
import { writeLines } from './files/line-files.ts'
import { createPlaces, isWhole, placed, placedInOrder } from './files/places.ts'
import { type Selection, withinBlock } from './files/selection.ts'
import type { CloserLook } from './rejected/closer-look.ts'
import { countComputed, countDropped, countWritten, type DroppedCounts, type RowCounts } from './row-counts.ts'
import { cleanRows, columnList, columnNames, FAILED, fastRaw, keptRows, linesSource } from './sql/queries.ts'
import type { Work } from './work.ts'

export interface FastResult {
  /** None where the rows are only counted. */
  readonly files: readonly StagedFile[]
  readonly counts: RowCounts
  readonly dropped: DroppedCounts
}

/**
 * Cleans the records in one statement, from a file of their bytes, together with the good ones among those that were
 * looked at one by one. The page cache keeps such a file in memory: it is as fast as /dev/shm, without its limits.
 * Fails with an error that `isAboutRecords` where the engine does not take a record, and returns undefined where rows
 * out are not records in.
 */
export async function cleanTogether(
  work: Work,
  good: Selection,
  looked: CloserLook | undefined,
  apart: Selection,
): Promise<FastResult | undefined> {
  const { dataset, connection, files: lines } = work
  const sourceOf = async (records: Selection) => linesSource(dataset, await writeLines(lines, records))
  const fast = cleanRows(dataset, fastRaw(dataset, await sourceOf(good)), failedBitsOrError(dataset.expectations))
  if (dataset.keyed && !isWhole(good)) await createPlaces(connection, [good, apart])
  const together = isWhole(good) ? placedInOrder(dataset, fast, good) : placed(dataset, fast, good)
  const all = looked
    ? `${together} UNION ALL ${placed(dataset, `SELECT ${columnList(dataset)}, ${FAILED} FROM ${looked.table}`)}`
    : together
  const written = await writeRows(work, keptRows(dataset, all), good.length + (looked?.good ?? 0))
  const dropped = await countDropped(
    dataset,
    good.blocks.length,
    (block) => sourceOf(withinBlock(good, block)),
    connection,
  )
  return complete(written, dropped, good.length + (looked?.good ?? 0) - (looked?.dropped.length ?? 0))
}

/** Cleans records that are columns in one statement, from a file of the columns. Fails and returns as `cleanTogether`. */
export async function cleanColumns(work: Work, blocks: readonly BlockColumns[]): Promise<FastResult | undefined> {
  const { dataset, connection, columnFile } = work
  const source = await writeColumns(columnFile, dataset, blocks)
  const rows = cleanRows(dataset, fastRaw(dataset, source), failedBitsOrError(dataset.expectations))
  const records = rowsIn(blocks)
  const written = await writeRows(work, keptRows(dataset, rows), records)
  const dropped = await countDropped(
    dataset,
    blocks.length,
    (block) => writeColumns(columnFile, dataset, blocks.slice(block, block + 1)),
    connection,
  )
  return complete(written, dropped, records)
}

/** Returns the result where there is a row for each of so many records, written or dropped. */
async function complete(
  { files, counts }: Pick<FastResult, 'files' | 'counts'>,
  dropped: DroppedCounts,
  records: number,
): Promise<FastResult | undefined> {
  if (counts.rows + dropped.rows === records) return { files, counts, dropped }
  await Promise.all(files.map(discardStaged))
  return undefined
}

/** Writes the rows into files, if they are to be kept, and counts them. */
async function writeRows(
  { dataset, connection, target, refusal, workFolder, runtime }: Work,
  query: string,
  records: number,
): Promise<Pick<FastResult, 'files' | 'counts'>> {
  if (!target) {
    return { files: [], counts: await countComputed(dataset, onlyTaken(query, refusal), records, connection) }
  }
  const { snapshot, targetBytes } = target
  const columns = columnNames(dataset)
  // The files of a keyed data set are not yet those of the table: it is asked here what the table asks of a row.
  const scratch = dataset.keyed !== undefined
  const options = { columns, rows: records, scratch, ...(targetBytes !== undefined && { targetBytes }) }
  const taken = scratch ? onlyTaken(query, refusal) : query
  const files = await stageRows(connection, taken, snapshot, workFolder, runtime, options)
  const counts = await countWritten(dataset, files, () => stagedRows(snapshot, files, columns), connection)
  return { files, counts }
}

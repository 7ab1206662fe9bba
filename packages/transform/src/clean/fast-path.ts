import { discardStaged, onlyTaken, type StagedFile, stagedRows, stageRows } from '@millrace/delta'
import { failedBitsOrError } from '../dataset/expectations.ts'
import type { CloserLook } from './closer-look.ts'
import { writeLines } from './line-files.ts'
import { createPlaces, isWhole, placed, placedInOrder } from './places.ts'
import { cleanRows, columnList, columnNames, FAILED, fastRaw, keptRows } from './queries.ts'
import { countComputed, countDropped, countWritten, type DroppedCounts, type RowCounts } from './row-counts.ts'
import type { Selection } from './selection.ts'
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
  await writeLines(lines, good)
  const fast = cleanRows(dataset, fastRaw(dataset, lines), failedBitsOrError(dataset.expectations))
  if (dataset.keyed && !isWhole(good)) await createPlaces(connection, [good, apart])
  const together = isWhole(good) ? placedInOrder(dataset, fast, good) : placed(dataset, fast, good)
  const all = looked
    ? `${together} UNION ALL ${placed(dataset, `SELECT ${columnList(dataset)}, ${FAILED} FROM ${looked.table}`)}`
    : together
  const query = keptRows(dataset, all)
  const records = good.length + (looked?.good ?? 0)
  const { files, counts } = await writeRows(work, query, records)
  const dropped = await countDropped(dataset, good, lines, connection)
  if (counts.rows + dropped.rows + (looked?.dropped.length ?? 0) === records) return { files, counts, dropped }
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

import type { Dataset } from './dataset.ts'
import { expectationBits, failedBitsOrError } from './expectations.ts'
import { cleanRows, fastRaw, keptRows } from './queries.ts'

/**
 * A SELECT that gives the clean rows of files of JSON lines, read by the engine itself: nothing of them passes
 * through our hands. It raises an error (`isAboutRecords`) where a record is in any doubt; then the files want
 * `withCleanRows`, which finds out which one. Undefined: the data set drops rows, and here nobody would count them.
 */
export function cleanFilesQuery(dataset: Dataset, files: readonly string[]): string | undefined {
  if (expectationBits(dataset.expectations, 'drop') !== 0) return undefined
  const rows = cleanRows(dataset, fastRaw(dataset, files), failedBitsOrError(dataset.expectations))
  return keptRows(dataset, rows)
}

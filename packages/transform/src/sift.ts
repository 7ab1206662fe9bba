import type { DuckDBConnection } from '@duckdb/node-api'
import type { Dataset } from './dataset.ts'
import { failedBitsOrError } from './expectations.ts'
import { type LineFiles, writeLines } from './line-files.ts'
import { cleanRows, columnList, FAILED, fastRaw } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { concat, type Selection, slice } from './selection.ts'

/** So few records are looked at one by one rather than halved again. */
const FEW = 512

/**
 * Parts the records that the fast reader takes from those among which is one that it does not: by halves, so
 * that one bad record among many costs little more than none.
 */
export async function sift(
  dataset: Dataset,
  records: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
  knownBad: boolean,
): Promise<{ readonly good: Selection; readonly doubtful: Selection }> {
  const [good, doubtful]: [Selection[], Selection[]] = [[], []]
  const part = async (some: Selection, isBad: boolean): Promise<void> => {
    if (some.length === 0) return
    if (!isBad && (await passes(dataset, some, files, connection))) {
      good.push(some)
    } else if (some.length <= FEW) {
      doubtful.push(some)
    } else {
      const middle = some.length >>> 1
      await part(slice(some, 0, middle), false)
      await part(slice(some, middle, some.length), false)
    }
  }
  await part(records, knownBad)
  return { good: concat(records.blocks, good), doubtful: concat(records.blocks, doubtful) }
}

/** Reads and cleans all, and writes nothing. */
async function passes(
  dataset: Dataset,
  records: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
): Promise<boolean> {
  await writeLines(files, records)
  const rows = cleanRows(dataset, fastRaw(dataset, files), failedBitsOrError(dataset.expectations))
  try {
    const reader = await connection.runAndReadAll(
      `SELECT count(*), bit_xor(hash(${columnList(dataset)}, ${FAILED})) FROM (${rows})`,
    )
    return Number(reader.getRows()[0]?.[0]) === records.length
  } catch (error) {
    if (isAboutRecords(error)) return false
    throw error
  }
}

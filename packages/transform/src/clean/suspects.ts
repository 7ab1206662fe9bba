import type { DuckDBConnection } from '@duckdb/node-api'
import { runBeside } from '@millrace/engine'
import type { Dataset } from '../dataset/dataset.ts'
import { failedBitsOrError } from '../dataset/expectations.ts'
import { isAboutRecords } from './fast-path.ts'
import { type LineFiles, writeLines, writePlacedLines } from './line-files.ts'
import { cleanRows, columnList, FAILED, fastRaw, suspectPlaces } from './queries.ts'
import { concat, type Selection, slice, splitAt } from './selection.ts'

/** At or below this many records, reading them one by one is cheaper than halving again. */
const FEW = 512

export interface Split {
  readonly good: Selection
  /** Records that the fast reader may not take, and some beside them. */
  readonly suspects: Selection
}

/** Finds the records that the fast reader does not take. */
export type FindSuspects = (
  dataset: Dataset,
  records: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
) => Promise<Split>

/** Suspects none. */
export const takeAll: FindSuspects = async (_dataset, records) => ({ good: records, suspects: slice(records, 0, 0) })

/**
 * Reads all records in one statement, each in an object that says its place, and skips what is not JSON. Misses what
 * only clean.sql or an expectation finds, and a text that is not a record but makes one of that object.
 */
export const splitByPlace: FindSuspects = async (dataset, records, files, connection) => {
  await writePlacedLines(files, records)
  const reader = await runBeside(connection, suspectPlaces(dataset, files, records.length), records.length)
  const { at, others } = splitAt(
    records,
    reader.getRows().map(([place]) => Number(place)),
  )
  return { good: others, suspects: at }
}

/** Halves the records until each part passes or is small: finds every suspect, at the cost of a statement a half. */
export const splitByHalves: FindSuspects = async (dataset, records, files, connection) => {
  const [good, suspects]: [Selection[], Selection[]] = [[], []]
  const split = async (some: Selection): Promise<void> => {
    if (some.length === 0) return
    if (await passes(dataset, some, files, connection)) {
      good.push(some)
    } else if (some.length <= FEW) {
      suspects.push(some)
    } else {
      const middle = some.length >>> 1
      await split(slice(some, 0, middle))
      await split(slice(some, middle, some.length))
    }
  }
  await split(records)
  return { good: concat(records.blocks, good), suspects: concat(records.blocks, suspects) }
}

/** Reads and cleans all records, and writes nothing. */
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

import type { DuckDBConnection } from '@duckdb/node-api'
import { runBeside } from '@millrace/engine'
import type { Dataset } from './dataset.ts'
import { failedBitsOrError } from './expectations.ts'
import { type LineFiles, writeLines, writePlacedLines } from './line-files.ts'
import { cleanRows, columnList, doubtfulPlaces, FAILED, fastRaw } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { concat, partAt, type Selection, slice } from './selection.ts'

/** So few records are looked at one by one rather than halved again. */
const FEW = 512

export interface Parted {
  readonly good: Selection
  readonly doubtful: Selection
}

/** A way to part the records that the fast reader takes from others. */
export type Part = (
  dataset: Dataset,
  records: Selection,
  files: LineFiles,
  connection: DuckDBConnection,
) => Promise<Parted>

/** For records of which none has been doubted. */
export const takeAll: Part = async (_dataset, records) => ({ good: records, doubtful: slice(records, 0, 0) })

/**
 * Reads all once more, each record in an object that says its place, and past what is no JSON. It misses what only
 * clean.sql or an expectation finds, and a record that is none but makes one of that object.
 */
export const partByPlace: Part = async (dataset, records, files, connection) => {
  await writePlacedLines(files, records)
  const reader = await runBeside(connection, doubtfulPlaces(dataset, files, records.length), records.length)
  const { at, others } = partAt(
    records,
    reader.getRows().map(([place]) => Number(place)),
  )
  return { good: others, doubtful: at }
}

/** By halves, until each passes or is small: finds whatever it is, and takes a statement for each half. */
export const partByHalves: Part = async (dataset, records, files, connection) => {
  const [good, doubtful]: [Selection[], Selection[]] = [[], []]
  const part = async (some: Selection): Promise<void> => {
    if (some.length === 0) return
    if (await passes(dataset, some, files, connection)) {
      good.push(some)
    } else if (some.length <= FEW) {
      doubtful.push(some)
    } else {
      const middle = some.length >>> 1
      await part(slice(some, 0, middle))
      await part(slice(some, middle, some.length))
    }
  }
  await part(records)
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

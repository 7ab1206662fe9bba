import { runBeside } from '@millrace/engine'
import { failedBitsOrError } from '../../dataset/expectations.ts'
import { writeLines, writeNumberedLines } from '../files/line-files.ts'
import { concat, type Selection, slice, splitAt } from '../files/selection.ts'
import {
  cleanRows,
  columnList,
  FAILED,
  fastRaw,
  linesSource,
  notTaken,
  numberedRecords,
  suspectIndexes,
} from '../sql/queries.ts'
import type { Work } from '../work.ts'
import { markNone } from './failing-records.ts'
import { isAboutRecords } from './record-error.ts'

/** At or below this many records, reading them one by one is cheaper than halving again. */
const FEW = 512

export interface Split {
  readonly good: Selection
  /** Records that the fast reader may not take, and some beside them. */
  readonly suspects: Selection
  /** Records for which cleaning probably raises an error. */
  readonly failing: Selection
}

/** Finds the records that can't be cleaned together with all others. */
export type FindSuspects = (work: Work, records: Selection) => Promise<Split>

/** Suspects none. */
export const takeAll: FindSuspects = async (_work, records) => {
  return { good: records, suspects: slice(records, 0, 0), failing: slice(records, 0, 0) }
}

/**
 * Reads and cleans all records in one statement, each in an object that says its place, and skips what is not JSON.
 * Misses a text that is not a record but makes one of that object, and errors of SQL that can't be marked.
 */
export const splitByIndex: FindSuspects = async (work, records) => {
  const { dataset, connection, refusal } = work
  const files = await writeNumberedLines(work.files, records)
  const mark = await work.markFailing()
  const query = suspectIndexes(dataset, files, records.length, mark ?? markNone, mark && refusal)
  const [places = [], fails = []] = (await runBeside(connection, query, records.length)).getColumns()
  const note = mark ? undefined : await work.noteFailures()
  const noted = (await note?.(connection, numberedRecords(dataset, files), refusal)) ?? []
  const suspects = places.filter((_, i) => !fails[i]).map(Number)
  const failing = [...places.filter((_, i) => fails[i]).map(Number), ...noted]
  return {
    good: splitAt(
      records,
      [...suspects, ...failing].sort((a, b) => a - b),
    ).others,
    suspects: splitAt(records, suspects).at,
    failing: splitAt(records, failing).at,
  }
}

/** Halves the records until each part passes or is small: finds every suspect, at the cost of a statement a half. */
export const splitByHalves: FindSuspects = async (work, records) => {
  const [good, suspects]: [Selection[], Selection[]] = [[], []]
  const split = async (some: Selection): Promise<void> => {
    if (some.length === 0) return
    if (await passes(work, some)) {
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
  const { blocks } = records
  return { good: concat(blocks, good), suspects: concat(blocks, suspects), failing: slice(records, 0, 0) }
}

/** Reads and cleans all records, and writes nothing. */
async function passes({ dataset, connection, files, refusal }: Work, records: Selection): Promise<boolean> {
  const lines = await writeLines(files, records)
  const rows = cleanRows(
    dataset,
    fastRaw(dataset, linesSource(dataset, lines)),
    failedBitsOrError(dataset.expectations),
  )
  try {
    const reader = await connection.runAndReadAll(
      `SELECT count(*), bit_xor(hash(${columnList(dataset)}, ${FAILED})), count(*) FILTER (WHERE ${notTaken(dataset, refusal)}) FROM (${rows})`,
    )
    const [count, , refused] = reader.getRows()[0] ?? []
    return Number(count) === records.length && Number(refused) === 0
  } catch (error) {
    if (isAboutRecords(error)) return false
    throw error
  }
}

import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { statsOf } from './bounds.ts'
import { inOrder } from './in-order.ts'
import { decodeRoaring } from './roaring.ts'
import { rowBits } from './row-bits.ts'
import {
  brokenVector,
  type FileWithVector,
  hasVector,
  planReads,
  readVectors,
  type VectorRead,
} from './vector-files.ts'

const READS_AT_ONCE = 16

/** Maximum of all bitmaps of a scan: a few bytes of a vector can stand for any number of rows. */
const MOST_BITMAP_BYTES = 64 << 20

/** A row's bit is looked up by a number of 28 bits, so that no vector makes a bitmap over 32 MB. */
const MOST_ROWS_OF_FILE = 2 ** 28

/** The rows that each file has lost, by its path, as bits. */
export async function deletedRows(table: TableRef, files: readonly AddFile[]): Promise<Map<string, Buffer>> {
  const touched = files.filter(hasVector)
  const rows = new Map<string, Buffer>()
  let held = 0
  const take = async (reading: VectorRead) => {
    for (const { file, bytes } of await readVectors(table, reading)) {
      const deleted = rowsOf(table, file, bytes)
      held += deleted.length
      if (held > MOST_BITMAP_BYTES) throw tooMany(table)
      if (deleted.length > 0) rows.set(file.path, deleted)
    }
  }
  for await (const _ of inOrder(planReads(table, touched), READS_AT_ONCE, take));
  return rows
}

function tooMany(table: TableRef): MillraceError {
  const what = `${tableUrl(table)}: its deletion vectors reach over more than ${MOST_BITMAP_BYTES * 8} rows in one scan`
  return new MillraceError('TABLE_UNSUPPORTED', what, {
    next: 'Let the engine that made them write them out (Spark: REORG TABLE … APPLY (PURGE)).',
  })
}

function rowsOf(table: TableRef, file: FileWithVector, bytes: Uint8Array): Buffer {
  const { cardinality } = file.deletionVector
  const broken = (why: string, cause?: unknown) => brokenVector(table, file, why, cause)
  const [bits, end] = [rowBits(MOST_ROWS_OF_FILE), rowsIn(file)]
  let count: number
  try {
    count = decodeRoaring(bytes, cardinality, bits.set)
  } catch (cause) {
    throw broken('is no Roaring bitmap of as many rows as the log says', cause)
  }
  if (count !== cardinality) throw broken(`holds ${count} rows where the log says ${cardinality}`)
  if (bits.last >= end) throw broken(`names row ${bits.last} of a file of ${end} rows`)
  return bits.bytes()
}

/** Returns the rows of a file by its statistics, at most what a bitmap can address. */
function rowsIn(file: AddFile): number {
  const { numRecords } = statsOf(file)
  return Math.min(MOST_ROWS_OF_FILE, numRecords === undefined ? MOST_ROWS_OF_FILE : Number(numRecords))
}

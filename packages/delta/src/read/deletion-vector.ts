import { crc32 } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import type { AddFile, DeletionVector } from '../log/actions.ts'
import { locationsOf } from '../log/location.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { statsOf } from './bounds.ts'
import { inOrder } from './in-order.ts'
import { decodeRoaring } from './roaring.ts'
import { rowBits } from './row-bits.ts'
import { decodeZ85 } from './z85.ts'

const VECTORS_AT_ONCE = 16

/** Of all files of a scan: a few bytes of a vector can stand for any number of rows. */
const MOST_BITMAP_BYTES = 64 << 20

/** A row's bit is looked up by a number of 28 bits, so that no vector makes a bitmap over 32 MB. */
const MOST_ROWS_OF_FILE = 2 ** 28

/** The rows that each file has lost, by its path, as bits. A vector's file is read once, however many it holds. */
export async function deletedRows(table: TableRef, files: readonly AddFile[]): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Promise<Uint8Array | undefined>>()
  const get = (key: string) => {
    const known = objects.get(key) ?? table.store.get(key)
    objects.set(key, known)
    return known
  }
  const rows = new Map<string, Buffer>()
  let held = 0
  const decode = async (file: AddFile) => {
    const { path, deletionVector } = file
    if (!deletionVector) return
    const deleted = await rowsOf(table, file, deletionVector, get)
    if (deleted.length === 0) return
    held += deleted.length
    if (held > MOST_BITMAP_BYTES) throw tooMany(table)
    rows.set(path, deleted)
  }
  const touched = files.filter(({ deletionVector }) => deletionVector)
  for await (const _ of inOrder(touched, VECTORS_AT_ONCE, decode));
  return rows
}

function tooMany(table: TableRef): MillraceError {
  const what = `${tableUrl(table)}: its deletion vectors reach over more than ${MOST_BITMAP_BYTES * 8} rows in one scan`
  return new MillraceError('TABLE_UNSUPPORTED', what, {
    next: 'Let the engine that made them write them out (Spark: REORG TABLE … APPLY (PURGE)).',
  })
}

async function rowsOf(
  table: TableRef,
  file: AddFile,
  vector: DeletionVector,
  get: (key: string) => Promise<Uint8Array | undefined>,
): Promise<Buffer> {
  const broken = (why: string, cause?: unknown) =>
    new MillraceError('TABLE_BROKEN', `${tableUrl(table)}/${file.path}: its deletion vector ${why}`, {
      cause,
    })
  const bytes = await bitmapBytes(table, vector, get)
  if (typeof bytes === 'string') throw broken(bytes)
  const [bits, end] = [rowBits(MOST_ROWS_OF_FILE), rowsIn(file)]
  let count: number
  try {
    count = decodeRoaring(bytes, vector.cardinality, bits.set)
  } catch (cause) {
    throw broken('is no Roaring bitmap of as many rows as the log says', cause)
  }
  if (count !== vector.cardinality) throw broken(`holds ${count} rows where the log says ${vector.cardinality}`)
  if (bits.last >= end) throw broken(`names row ${bits.last} of a file of ${end} rows`)
  return bits.bytes()
}

/** As its statistics count them, as far as a bitmap may reach. */
function rowsIn(file: AddFile): number {
  const { numRecords } = statsOf(file)
  return Math.min(MOST_ROWS_OF_FILE, numRecords === undefined ? MOST_ROWS_OF_FILE : Number(numRecords))
}

/** A text says what is wrong. */
async function bitmapBytes(
  table: TableRef,
  vector: DeletionVector,
  get: (key: string) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array | string> {
  if (vector.storageType === 'i') {
    return decodeZ85(vector.pathOrInlineDv)?.subarray(0, vector.sizeInBytes) ?? 'is no Z85 text'
  }
  const key = vectorKey(table, vector)
  if (key === undefined) return `lies outside of the lake: ${vector.pathOrInlineDv}`
  const file = await get(key)
  if (!file) return `is gone: ${key}`
  return checkedSlice(file, vector) ?? `disagrees with its checksum in ${key}`
}

/** The object that holds it. Undefined: it lies in no place that the store knows. */
function vectorKey(table: TableRef, vector: DeletionVector): string | undefined {
  const path = vectorPath(vector)
  const [location] = path === undefined ? [] : locationsOf(table.store, table.path, path)
  return location && 'key' in location ? location.key : undefined
}

/** The path of its file, as a log spells one. Undefined: it is named by no UUID. */
export function vectorPath({ storageType, pathOrInlineDv }: DeletionVector): string | undefined {
  if (storageType === 'p') return pathOrInlineDv
  const folder = pathOrInlineDv.slice(0, -20)
  const uuid = decodeZ85(pathOrInlineDv.slice(-20))
  if (uuid?.length !== 16) return undefined
  const name = `deletion_vector_${Buffer.from(uuid)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}.bin`
  return folder === '' ? name : `${encodeURIComponent(folder)}/${name}`
}

/** In the file: its length, the bitmap, its CRC-32, all big-endian. */
function checkedSlice(file: Uint8Array, { offset, sizeInBytes }: DeletionVector): Uint8Array | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const start = offset ?? 0
  if (start + sizeInBytes + 8 > file.length || view.getUint32(start) !== sizeInBytes) return undefined
  const bitmap = file.subarray(start + 4, start + 4 + sizeInBytes)
  return crc32(bitmap) === view.getUint32(start + 4 + sizeInBytes) ? bitmap : undefined
}

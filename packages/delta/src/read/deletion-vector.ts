import { crc32 } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import type { AddFile, DeletionVector } from '../log/actions.ts'
import { dataKey, type TableRef } from '../log/log.ts'
import { inOrder } from './in-order.ts'
import { decodeRoaring } from './roaring.ts'
import { decodeZ85 } from './z85.ts'

const VECTORS_AT_ONCE = 16

/** The rows that each file has lost, by its path. A vector's file is read once, however many vectors it holds. */
export async function deletedRows(table: TableRef, files: readonly AddFile[]): Promise<Map<string, number[]>> {
  const objects = new Map<string, Promise<Uint8Array | undefined>>()
  const get = (key: string) => {
    const known = objects.get(key) ?? table.store.get(key)
    objects.set(key, known)
    return known
  }
  const rows = new Map<string, number[]>()
  const decode = async ({ path, deletionVector }: AddFile) => {
    if (!deletionVector) return
    const deleted = await rowsOf(table, path, deletionVector, get)
    if (deleted.length > 0) rows.set(path, deleted)
  }
  const touched = files.filter(({ deletionVector }) => deletionVector)
  for await (const _ of inOrder(touched, VECTORS_AT_ONCE, decode));
  return rows
}

async function rowsOf(
  table: TableRef,
  path: string,
  vector: DeletionVector,
  get: (key: string) => Promise<Uint8Array | undefined>,
): Promise<number[]> {
  const broken = (why: string, cause?: unknown) =>
    new MillraceError('TABLE_BROKEN', `${table.store.url}/${dataKey(table, path)}: its deletion vector ${why}`, {
      cause,
    })
  const bytes = await bitmapBytes(table, vector, get)
  if (typeof bytes === 'string') throw broken(bytes)
  let rows: number[]
  try {
    rows = decodeRoaring(bytes)
  } catch (cause) {
    throw broken('is no Roaring bitmap', cause)
  }
  if (rows.length !== vector.cardinality) {
    throw broken(`holds ${rows.length} rows where the log says ${vector.cardinality}`)
  }
  return rows
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
export function vectorKey(table: TableRef, { storageType, pathOrInlineDv }: DeletionVector): string | undefined {
  if (storageType === 'p') {
    const root = `${table.store.url}/`
    return pathOrInlineDv.startsWith(root) ? decodeURIComponent(pathOrInlineDv.slice(root.length)) : undefined
  }
  const folder = pathOrInlineDv.slice(0, -20)
  const uuid = decodeZ85(pathOrInlineDv.slice(-20))
  if (uuid?.length !== 16) return undefined
  const name = `deletion_vector_${Buffer.from(uuid)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}.bin`
  return `${table.path}/${folder === '' ? '' : `${folder}/`}${name}`
}

/** In the file: its length, the bitmap, its CRC-32, all big-endian. */
function checkedSlice(file: Uint8Array, { offset, sizeInBytes }: DeletionVector): Uint8Array | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const start = offset ?? 0
  if (start + sizeInBytes + 8 > file.length || view.getUint32(start) !== sizeInBytes) return undefined
  const bitmap = file.subarray(start + 4, start + 4 + sizeInBytes)
  return crc32(bitmap) === view.getUint32(start + 4 + sizeInBytes) ? bitmap : undefined
}

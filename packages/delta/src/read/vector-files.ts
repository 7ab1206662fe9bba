import { crc32 } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import type { AddFile, DeletionVector } from '../log/actions.ts'
import { locationsOf } from '../log/location.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { type StoredAt, storedAt } from './stored-at.ts'
import { decodeZ85 } from './z85.ts'

export type FileWithVector = AddFile & { readonly deletionVector: DeletionVector }

/** Vectors that are read together, and where they lie; undefined for one that is in the log itself. */
export interface VectorRead {
  readonly files: readonly FileWithVector[]
  readonly at: StoredAt | undefined
}

/** Maximum size of all vectors of a scan by the log. As bits they take at least as much. */
const MOST_VECTOR_BYTES = 64 << 20

/** Most bytes of a file of vectors that are read in one piece: engines pack some 2 MB into one. */
const MOST_TOGETHER = 4 << 20

/** Length before the bitmap and CRC-32 after it. */
const FRAME_BYTES = 8

export function hasVector(file: AddFile): file is FileWithVector {
  return (file.deletionVector ?? null) !== null
}

/** Plans one read for vectors that lie close together in one file, and one for each of the others. */
export function planReads(table: TableRef, files: readonly FileWithVector[]): VectorRead[] {
  const bytes = files.reduce((sum, { deletionVector }) => sum + deletionVector.sizeInBytes, 0)
  if (bytes > MOST_VECTOR_BYTES) throw tooLarge(table, bytes)
  const inLog = files.filter(({ deletionVector }) => deletionVector.storageType === 'i')
  const places = new Map<string, { at: StoredAt; files: FileWithVector[] }>()
  for (const file of files) {
    if (file.deletionVector.storageType === 'i') continue
    const at = placeOfVector(table, file)
    const name = `${at.store.url} ${at.key}`
    const place = places.get(name) ?? { at, files: [] }
    places.set(name, place)
    place.files.push(file)
  }
  return [
    ...inLog.map((file) => ({ files: [file], at: undefined })),
    ...[...places.values()].flatMap((place) =>
      lengthOf(place.files) <= MOST_TOGETHER ? [place] : place.files.map((file) => ({ files: [file], at: place.at })),
    ),
  ]
}

function tooLarge(table: TableRef, bytes: number): MillraceError {
  const what = `${tableUrl(table)}: its deletion vectors have ${bytes} bytes in one scan, of which ${MOST_VECTOR_BYTES} are read`
  return new MillraceError('TABLE_UNSUPPORTED', what, {
    next: 'Let the engine that made them write them out (Spark: REORG TABLE … APPLY (PURGE)).',
  })
}

/** Returns the Roaring bitmap of each vector. */
export async function readVectors(
  table: TableRef,
  { files, at }: VectorRead,
): Promise<{ readonly file: FileWithVector; readonly bytes: Uint8Array }[]> {
  if (at === undefined) return files.map((file) => ({ file, bytes: bytesInLog(table, file) }))
  const start = startOf(files)
  const piece = await at.store.get(at.key, { offset: start, length: lengthOf(files) })
  return files.map((file) => {
    if (!piece) throw brokenVector(table, file, `is gone: ${at.key}`)
    const bytes = checkedSlice(piece, start, file.deletionVector)
    if (!bytes) throw brokenVector(table, file, `disagrees with its checksum in ${at.key}`)
    return { file, bytes }
  })
}

export function brokenVector(table: TableRef, { path }: AddFile, why: string, cause?: unknown): MillraceError {
  return new MillraceError('TABLE_BROKEN', `${tableUrl(table)}/${path}: its deletion vector ${why}`, { cause })
}

function bytesInLog(table: TableRef, file: FileWithVector): Uint8Array {
  const { pathOrInlineDv, sizeInBytes } = file.deletionVector
  const bytes = decodeZ85(pathOrInlineDv)?.subarray(0, sizeInBytes)
  if (!bytes) throw brokenVector(table, file, 'is no Z85 text')
  return bytes
}

const offsetOf = ({ deletionVector }: FileWithVector) => deletionVector.offset ?? 0

function startOf(files: readonly FileWithVector[]): number {
  return files.reduce((least, file) => Math.min(least, offsetOf(file)), Number.POSITIVE_INFINITY)
}

function lengthOf(files: readonly FileWithVector[]): number {
  const end = files.reduce(
    (most, file) => Math.max(most, offsetOf(file) + file.deletionVector.sizeInBytes + FRAME_BYTES),
    0,
  )
  return end - startOf(files)
}

function placeOfVector(table: TableRef, file: FileWithVector): StoredAt {
  const path = vectorPath(file.deletionVector)
  const [location] = path === undefined ? [] : locationsOf(table.store, table.path, path)
  if (!location) throw brokenVector(table, file, `lies in no place: ${file.deletionVector.pathOrInlineDv}`)
  return storedAt(table, location)
}

/** Returns the path of its file as a log writes it; undefined if it is not named by a UUID. */
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
function checkedSlice(
  piece: Uint8Array,
  start: number,
  { offset, sizeInBytes }: DeletionVector,
): Uint8Array | undefined {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
  const from = (offset ?? 0) - start
  if (from + sizeInBytes + FRAME_BYTES > piece.length || view.getUint32(from) !== sizeInBytes) return undefined
  const bitmap = piece.subarray(from + 4, from + 4 + sizeInBytes)
  return crc32(bitmap) === view.getUint32(from + 4 + sizeInBytes) ? bitmap : undefined
}

import type { AddFile, RemoveFile } from '../log/actions.ts'

/** The tombstone of a file. */
export function removalOf(file: AddFile, now: number, dataChange = true): RemoveFile {
  const { path, partitionValues, size, deletionVector } = file
  return {
    path,
    deletionTimestamp: now,
    dataChange,
    extendedFileMetadata: true,
    partitionValues,
    size,
    ...(deletionVector ? { deletionVector } : {}),
  }
}

import type { AddFile } from '../log/actions.ts'
import { partitionOf } from '../log/layout.ts'
import { statsOf } from '../read/bounds.ts'

/** Files above this share of the target size are left alone. */
const LARGE_ENOUGH = 0.75

/**
 * Returns groups of files, each to be compacted into one. Files that were written one after another stay together, so
 * that a range of time stays in few files; files with different tags stay apart, because their writer looks them up by
 * tag. A file that has lost more than `deletedShare` of its rows is rewritten whatever its size; a single small file is
 * not.
 */
export function binsOf(files: Iterable<AddFile>, targetBytes: number, deletedShare = 0): AddFile[][] {
  const isWorn = (file: AddFile) => hasLostRows(file, deletedShare)
  const candidates = [...files].filter((file) => isWorn(file) || file.size < targetBytes * LARGE_ENOUGH)
  const partitions = Map.groupBy(candidates, (file) => partitionOf(file) + tagsOf(file))
  return [...partitions.values()].flatMap((partition) =>
    packed(partition, targetBytes).filter(([first, ...more]) => more.length > 0 || (first && isWorn(first))),
  )
}

/** Whether more than this share of the file's rows are marked as deleted. */
export function hasLostRows(file: AddFile, share: number): boolean {
  if (!file.deletionVector) return false
  return file.deletionVector.cardinality > share * Number(statsOf(file).numRecords ?? 0)
}

function tagsOf({ tags }: AddFile): string {
  return JSON.stringify(Object.entries(tags ?? {}).sort())
}

/** So that a commit over many small partitions is made, and may be lost, in minutes. */
const BINS_A_COMMIT = 500

/** Returns groups of bins, each to be replaced by one commit: as much as one file may hold, however many partitions. */
export function commitsOf(bins: readonly AddFile[][], targetBytes: number): AddFile[][][] {
  return grouped(bins, bytesOf, targetBytes, BINS_A_COMMIT)
}

export function bytesOf(files: readonly AddFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

function packed(files: readonly AddFile[], targetBytes: number): AddFile[][] {
  const inTime = files.toSorted((a, b) => a.modificationTime - b.modificationTime)
  return grouped(inTime, ({ size }) => size, targetBytes)
}

/** Returns the items in groups of at most so many bytes and items; one that is larger by itself is alone. */
function grouped<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  mostBytes: number,
  most = Number.POSITIVE_INFINITY,
): T[][] {
  const groups: T[][] = []
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item)
    const last = groups.at(-1)
    if (last && bytes + size <= mostBytes && last.length < most) {
      last.push(item)
      bytes += size
    } else {
      groups.push([item])
      bytes = size
    }
  }
  return groups
}

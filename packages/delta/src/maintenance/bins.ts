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

function packed(files: readonly AddFile[], targetBytes: number): AddFile[][] {
  const bins: AddFile[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const file of files.toSorted((a, b) => a.modificationTime - b.modificationTime)) {
    if (bytes + file.size > targetBytes) {
      bins.push([])
      bytes = 0
    }
    bins.at(-1)?.push(file)
    bytes += file.size
  }
  return bins
}

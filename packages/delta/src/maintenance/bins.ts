import type { AddFile } from '../log/actions.ts'
import { statsOf } from '../read/bounds.ts'

/** Files above this share of the target size are left alone. */
const LARGE_ENOUGH = 0.75

/**
 * Which files to make one of. Neighbours in time stay neighbours, so that a range of time stays in few files.
 * Files with different tags stay apart: whoever tagged them wants to find them again.
 * A file that has lost more than this share of its rows is written anew whatever its size; a lone small file is not.
 */
export function binsOf(files: Iterable<AddFile>, targetBytes: number, deletedShare = 0): AddFile[][] {
  const isWorn = (file: AddFile) => hasLostRows(file, deletedShare)
  const candidates = [...files].filter((file) => isWorn(file) || file.size < targetBytes * LARGE_ENOUGH)
  const partitions = Map.groupBy(candidates, ({ partitionValues, tags }) => key(partitionValues) + key(tags))
  return [...partitions.values()].flatMap((partition) =>
    packed(partition, targetBytes).filter(([first, ...more]) => more.length > 0 || (first && isWorn(first))),
  )
}

/** Whether more than this share of the file's rows are marked as deleted. */
export function hasLostRows(file: AddFile, share: number): boolean {
  if (!file.deletionVector) return false
  return file.deletionVector.cardinality > share * Number(statsOf(file).numRecords ?? 0)
}

function key(values: Readonly<Record<string, string | null>> | null | undefined): string {
  return JSON.stringify(Object.entries(values ?? {}).sort())
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

import { MillraceError } from '@millrace/base'
import { type AddFile, addedSince, openTable, planScan, type Scan, type Snapshot } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import type { TableInput } from '../manifest.ts'

/** What is read of a table at a time, in bytes of its files. */
const PORTION_BYTES = 16 << 20

type OfTable = Extract<TableInput, { kind: 'table' }>

/**
 * The rows that came into a table between two versions, in portions. Where a file that brought some is gone, or
 * rows were taken away, it is the whole table: rows that are known already are duplicates.
 */
export async function tablePortions(store: ObjectStore, input: OfTable): Promise<Scan[]> {
  const snapshot = await openTable({ store, path: input.path }, input.version)
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `${store.url} has no table ${input.path} any more`)
  const added = input.after === null ? undefined : await addedSince(snapshot, input.after)
  return portionsOf(snapshot, added ?? [...snapshot.files.values()])
}

function portionsOf(snapshot: Snapshot, files: readonly AddFile[]): Scan[] {
  const portions: AddFile[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const file of files) {
    if (bytes + file.size > PORTION_BYTES) {
      portions.push([])
      bytes = 0
    }
    portions.at(-1)?.push(file)
    bytes += file.size
  }
  return portions.map((portion) => ({ ...planScan(snapshot), files: portion }))
}

import { MillraceError } from '@millrace/base'
import { type AddFile, addedSince, openTable, planScan, type Scan, type Snapshot } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import type { TableInput } from '../manifest.ts'

/** Maximum size of the files that are read at once. */
const PORTION_BYTES = 16 << 20

type OfTable = Extract<TableInput, { kind: 'table' }>

/**
 * Returns scans of the rows that were added to a table between two versions. If an added file is gone or rows were
 * removed, it returns the whole table; the run then drops the known rows as duplicates.
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

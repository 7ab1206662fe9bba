import { MillraceError } from '@millrace/base'
import { type AddFile, addedSince, missingFiles, openTable, planScan, type Scan, type Snapshot } from '@millrace/delta'
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
  const files = added ?? [...snapshot.files.values()]
  await refuseMissing(snapshot, files)
  return portionsOf(snapshot, files)
}

/** Throws where vacuum has taken what the version needs. */
async function refuseMissing({ table, version }: Snapshot, files: readonly AddFile[]): Promise<void> {
  const missing = await missingFiles(
    table,
    files.map(({ path }) => path),
  )
  if (missing.length === 0) return
  throw new MillraceError(
    'RUN_ORDER',
    `the run was planned over version ${version} of ${table.path}, of which vacuum has deleted files (${missing.length}): it can't be done over the same rows again`,
    { next: 'Do the date in full, over the table as it is now.' },
  )
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

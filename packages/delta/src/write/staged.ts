import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AddFile } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { dataKey, type TableRef } from '../log/log.ts'
import { fieldNamed } from '../read/predicate.ts'
import { renderScan } from '../read/scan-sql.ts'
import type { Snapshot } from '../read/snapshot.ts'

/** A finished Parquet file on this machine, and the `add` that will make it part of the table. */
export interface StagedFile {
  readonly localPath: string
  /** Made for it and its like: goes with the last of them. */
  readonly folder?: string
  readonly add: AddFile
  readonly rows: bigint
}

/** The rows of staged files as the table's readers will see them: a SELECT, for as long as the files are here. */
export function stagedRows(snapshot: Snapshot, staged: readonly StagedFile[], columns: readonly string[]): string {
  const { fields } = tableColumns(snapshot)
  const chosen = columns.map((name) => fieldNamed(fields, name))
  const scan = { snapshot, columns: chosen, where: undefined, files: staged.map(({ add }) => add) }
  const paths = staged.map(({ localPath }) => localPath)
  return renderScan(scan, paths, { deleted: new Map(), calendars: new Map() })
}

const UPLOADS_AT_ONCE = 4

/** Uploads staged files to their paths. They become part of the table only by a commit. */
export async function uploadAll(table: TableRef, staged: readonly StagedFile[]): Promise<void> {
  const waiting = [...staged]
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await uploadStaged(table, file)
  }
  await Promise.all(Array.from({ length: Math.min(UPLOADS_AT_ONCE, staged.length) }, work))
}

export async function uploadStaged(table: TableRef, staged: StagedFile): Promise<void> {
  await table.store.upload(dataKey(table, staged.add.path), staged.localPath)
  await discardStaged(staged)
}

export async function discardStaged({ localPath, folder }: StagedFile): Promise<void> {
  await rm(localPath, { force: true })
  if (folder === undefined) return
  for (let emptied = dirname(localPath); emptied.startsWith(folder); emptied = dirname(emptied)) {
    const gone = await rmdir(emptied).then(
      () => true,
      () => false,
    )
    if (!gone) return
  }
}

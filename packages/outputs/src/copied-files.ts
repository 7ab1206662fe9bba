import { existsSync } from 'node:fs'
import { type Snapshot, type StagedFile, stagedRows, stageRows } from '@millrace/delta'
import type { Machine } from '@millrace/engine'

/** Clean rows as they were written for the columns of one table. */
export interface WrittenRows {
  readonly snapshot: Snapshot
  readonly files: readonly StagedFile[]
}

/**
 * Writes rows that are clean already for the columns of another table: with several outputs a batch is cleaned once.
 * Returns undefined where the first files are gone: an output may keep its own no longer than it needs them.
 */
export async function copyRows(
  { snapshot, files }: WrittenRows,
  target: Snapshot,
  columns: readonly string[],
  { engine, workFolder, runtime }: Machine,
): Promise<readonly StagedFile[] | undefined> {
  if (!files.every(({ localPath }) => existsSync(localPath))) return undefined
  if (files.length === 0) return []
  const connection = await engine.connect()
  try {
    const rows = stagedRows(snapshot, files, columns)
    return await stageRows(connection, rows, target, workFolder, runtime, { columns })
  } finally {
    connection.closeSync()
  }
}

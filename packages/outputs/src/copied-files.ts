import { existsSync } from 'node:fs'
import { givenColumns, type Snapshot, type StagedFile, type StructField, stagedRows, stageRows } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { tableInMemory } from './rows.ts'

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

/** Rows in files of this computer, and the columns that they have. */
export interface AllColumns {
  readonly columns: readonly StructField[]
  readonly files: readonly StagedFile[]
}

/** The same for a table with all columns that the rows have. */
export async function copyAllColumns(rows: WrittenRows, machine: Machine): Promise<AllColumns | undefined> {
  const columns = givenColumns(rows.snapshot.metadata)
  const schema = { type: 'struct' as const, fields: columns }
  const target = await tableInMemory({ name: 'rows', schema }, machine)
  const files = await copyRows(
    rows,
    target,
    columns.map(({ name }) => name),
    machine,
  )
  return files && { columns, files }
}

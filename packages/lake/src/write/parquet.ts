import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Runtime } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { dataKey, type TableRef } from '../log/log.ts'
import { quoteText, type StructType } from '../log/schema.ts'
import { deltaStats, writtenFile } from './stats.ts'

/** A finished Parquet file on this machine, and the `add` that will make it part of the table. */
export interface StagedFile {
  readonly localPath: string
  readonly add: AddFile
  readonly rows: bigint
}

export async function stageParquet(
  connection: DuckDBConnection,
  query: string,
  schema: StructType,
  folder: string,
  runtime: Runtime,
): Promise<StagedFile> {
  const name = `part-${runtime.uuid()}.zstd.parquet`
  const localPath = join(folder, name)
  const copy = `COPY (${query}) TO ${quoteText(localPath)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS)`
  const result = await connection.runAndReadAll(copy)
  const file = writtenFile(result.getRowObjectsJson()[0] ?? {})
  const add = {
    path: name,
    partitionValues: {},
    size: file.size,
    modificationTime: runtime.now(),
    dataChange: true,
    stats: deltaStats(file, schema),
  }
  return { localPath, add, rows: file.rows }
}

/** Puts a staged file in its place. Whether it becomes part of the table is for the commit to say. */
export async function uploadStaged(table: TableRef, staged: StagedFile): Promise<void> {
  await table.store.upload(dataKey(table, staged.add.path), staged.localPath)
  await discardStaged(staged)
}

export async function discardStaged(staged: StagedFile): Promise<void> {
  await rm(staged.localPath, { force: true })
}

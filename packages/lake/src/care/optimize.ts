import type { AddFile } from '../log/actions.ts'
import { planScan, withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { stageRows, uploadAll } from '../write/parquet.ts'
import { removalOf, type Workshop } from '../write/rows.ts'
import { commit } from '../write/transaction.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { binsOf } from './bins.ts'

export interface OptimizeOptions {
  readonly targetBytes?: number
  readonly signal?: AbortSignal
}

export interface OptimizeResult {
  readonly snapshot: Snapshot
  readonly removedFiles: number
  readonly removedBytes: number
  readonly addedFiles: number
  readonly addedBytes: number
  /** Groups of files that somebody else changed meanwhile: they are left for the next time. */
  readonly conflicts: number
}

const TARGET_BYTES = 128 * 1024 * 1024

/**
 * Makes few large files of many small ones. No row changes, and appends never wait: each group of files is a
 * commit of its own, which only somebody who removes one of the same files can get in the way of.
 */
export async function optimizeTable(
  base: Snapshot,
  workshop: Workshop,
  { targetBytes = TARGET_BYTES, signal }: OptimizeOptions = {},
): Promise<OptimizeResult> {
  refuseUnwritable(base)
  let result: OptimizeResult = {
    snapshot: base,
    removedFiles: 0,
    removedBytes: 0,
    addedFiles: 0,
    addedBytes: 0,
    conflicts: 0,
  }
  for (const bin of binsOf(base.files.values(), targetBytes)) {
    if (signal?.aborted) break
    result = await compact(result, bin, workshop)
  }
  return result
}

async function compact(before: OptimizeResult, bin: readonly AddFile[], workshop: Workshop): Promise<OptimizeResult> {
  const { runtime, connection, folder } = workshop
  const { snapshot } = before
  if (!bin.every(({ path }) => snapshot.files.has(path))) return { ...before, conflicts: before.conflicts + 1 }
  const staged = await withScan({ ...planScan(snapshot), files: bin }, connection, (rows) =>
    stageRows(connection, rows, snapshot.metadata, folder, runtime, { dataChange: false }),
  )
  await uploadAll(snapshot.table, staged)
  runtime.crashPoint('compacted')
  const tags = bin[0]?.tags
  const add = staged.map((file) => (tags ? { ...file.add, tags } : file.add))
  const remove = bin.map((file) => removalOf(file, runtime.now(), false))
  const made = await commit(snapshot, { operation: 'OPTIMIZE', add, remove }, runtime)
  if (made.outcome !== 'committed') return { ...before, snapshot: made.snapshot, conflicts: before.conflicts + 1 }
  return {
    snapshot: made.snapshot,
    removedFiles: before.removedFiles + bin.length,
    removedBytes: before.removedBytes + bytesOf(bin),
    addedFiles: before.addedFiles + add.length,
    addedBytes: before.addedBytes + bytesOf(add),
    conflicts: before.conflicts,
  }
}

function bytesOf(files: readonly AddFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

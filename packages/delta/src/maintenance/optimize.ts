import { rm } from 'node:fs/promises'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { locationOf } from '../log/log.ts'
import { legacyFiles } from '../read/legacy.ts'
import { planScan } from '../read/plan.ts'
import { fileKey } from '../read/replay.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { commit } from '../write/commit.ts'
import type { WriteContext } from '../write/context.ts'
import { stageRows } from '../write/parquet.ts'
import { removalOf } from '../write/removal.ts'
import { type StagedFile, uploadAll } from '../write/staged.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { binsOf } from './bins.ts'
import { outsideFiles } from './needed.ts'

export interface OptimizeOptions {
  readonly targetBytes?: number
  readonly signal?: AbortSignal
  /** A file is written anew for its deletion vector alone where that marks more than this share of its rows. */
  readonly deletedShare?: number
  /** Sorts the rows of each new file by these columns. */
  readonly sortBy?: readonly string[]
}

export interface OptimizeResult {
  readonly snapshot: Snapshot
  readonly removedFiles: number
  readonly removedBytes: number
  readonly addedFiles: number
  readonly addedBytes: number
  /** Groups that were left for the next run because another writer changed one of their files. */
  readonly conflicts: number
}

const TARGET_BYTES = 128 * 1024 * 1024

/**
 * Compacts many small files into few large ones. No row changes, and appends never wait: each group of files is a
 * commit of its own, which conflicts only with the removal of one of the same files.
 */
export async function optimizeTable(
  base: Snapshot,
  context: WriteContext,
  { targetBytes = TARGET_BYTES, signal, deletedShare = 0, sortBy = [] }: OptimizeOptions = {},
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
  const bins = binsOf(ownFiles(base), targetBytes, deletedShare)
  const stageNext = (seen: Snapshot) => {
    const staging = stage(seen, signal?.aborted ? undefined : bins.shift(), sortBy, context)
    // Handled where it is awaited; until then a failure must not count as unhandled.
    staging.catch(() => {})
    return staging
  }
  let staging = stageNext(base)
  try {
    for (let staged = await staging; staged && !signal?.aborted; staged = await staging) {
      // The next group is read while this one is committed.
      staging = stageNext(result.snapshot)
      result = await commitBin(result, staged, context)
    }
  } finally {
    await discard(staging)
  }
  return result
}

/** Returns the files in the lake; those outside of it are not copied. */
function ownFiles({ table, files }: Snapshot): AddFile[] {
  return [...files.values()].filter(({ path }) => 'key' in locationOf(table, path))
}

/** Deletes local files that were staged and not uploaded. */
async function discard(staging: Promise<StagedBin | undefined>): Promise<void> {
  const left = await staging.catch(() => undefined)
  for (const { localPath, folder } of left?.files ?? []) await rm(folder ?? localPath, { recursive: true, force: true })
}

interface StagedBin {
  readonly bin: readonly AddFile[]
  readonly seen: Snapshot
  /** Undefined when another writer has changed a file of the group already. */
  readonly files: readonly StagedFile[] | undefined
}

async function stage(
  seen: Snapshot,
  chosen: readonly AddFile[] | undefined,
  sortBy: readonly string[],
  { connection, folder, runtime }: WriteContext,
): Promise<StagedBin | undefined> {
  if (!chosen) return undefined
  if (!chosen.every(({ path }) => seen.files.has(fileKey(seen.table, path))))
    return { bin: chosen, seen, files: undefined }
  const legacy = await legacyFiles(seen, chosen, connection)
  const foreign = await outsideFiles(seen.table, chosen)
  const bin = chosen.filter((file) => !legacy.has(file) && !foreign.has(file))
  if (bin.length < 2 && !bin[0]?.deletionVector) return { bin: [], seen, files: [] }
  const order = sortBy.length === 0 ? '' : ` ORDER BY ${sortBy.map(quoteName).join(', ')}`
  const files = await withScan({ ...planScan(seen), files: bin }, connection, (rows) =>
    stageRows(connection, `SELECT * FROM (${rows})${order}`, seen, folder, runtime, { dataChange: false }),
  )
  return { bin, seen, files }
}

async function commitBin(
  before: OptimizeResult,
  { bin, seen, files }: StagedBin,
  { runtime }: WriteContext,
): Promise<OptimizeResult> {
  if (bin.length === 0) return before
  if (!files) return { ...before, conflicts: before.conflicts + 1 }
  await uploadAll(seen.table, files)
  runtime.crashPoint('compacted')
  const tags = bin[0]?.tags
  const add = files.map((file) => (tags ? { ...file.add, tags } : file.add))
  const remove = bin.map((file) => removalOf(file, runtime.now(), false))
  const made = await commit(seen, { operation: 'OPTIMIZE', add, remove }, runtime)
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

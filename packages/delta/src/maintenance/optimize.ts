import type { Runtime } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { locationOf } from '../log/log.ts'
import { legacyFiles } from '../read/legacy.ts'
import { planScan } from '../read/plan.ts'
import { fileKey } from '../read/replay.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { commit } from '../write/commit.ts'
import { conflictBetween } from '../write/conflicts.ts'
import type { WriteContext } from '../write/context.ts'
import { stageRows } from '../write/parquet.ts'
import { removalOf } from '../write/removal.ts'
import { discardStaged, type StagedFile, uploadAll } from '../write/staged.ts'
import { refuseUnwritable } from '../write/writable.ts'
import { binsOf, bytesOf, commitsOf } from './bins.ts'
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
 * Compacts many small files into few large ones. No row changes, and appends never wait: a commit replaces groups of
 * files, and leaves out those of which another writer has removed or marked a file.
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
  const commits = commitsOf(binsOf(ownFiles(base), targetBytes, deletedShare), targetBytes)
  const stageNext = (seen: Snapshot) => {
    const staging = stage(seen, signal?.aborted ? undefined : commits.shift(), sortBy, context, signal)
    // Handled where it is awaited; until then a failure must not count as unhandled.
    staging.catch(() => {})
    return staging
  }
  let staging = stageNext(base)
  try {
    for (let next = await staging; next && !signal?.aborted; next = await staging) {
      // The next files are read while these are committed.
      staging = stageNext(result.snapshot)
      result = await commitStaged(result, next, context)
    }
  } finally {
    const left = await staging.catch(() => undefined)
    await discard(left?.staged ?? [])
  }
  return result
}

/** Returns the files in the lake; those outside of it are not copied. */
function ownFiles({ table, files }: Snapshot): AddFile[] {
  return [...files.values()].filter(({ path }) => 'key' in locationOf(table, path))
}

interface StagedBin {
  readonly bin: readonly AddFile[]
  readonly files: readonly StagedFile[]
}

/** Bins whose files are here, to be replaced by one commit. */
interface StagedCommit {
  readonly seen: Snapshot
  readonly staged: readonly StagedBin[]
  /** Bins of which another writer had changed a file already. */
  readonly conflicts: number
}

async function discard(staged: readonly StagedBin[]): Promise<void> {
  for (const file of staged.flatMap(({ files }) => files)) await discardStaged(file)
}

async function stage(
  seen: Snapshot,
  bins: readonly AddFile[][] | undefined,
  sortBy: readonly string[],
  context: WriteContext,
  signal: AbortSignal | undefined,
): Promise<StagedCommit | undefined> {
  if (!bins) return undefined
  const staged: StagedBin[] = []
  let conflicts = 0
  try {
    for (const bin of bins) {
      if (signal?.aborted) break
      // As they are now: rows may have been marked since the bins were chosen.
      const files = bin.flatMap(({ path }) => seen.files.get(fileKey(seen.table, path)) ?? [])
      if (files.length === bin.length) staged.push(await stageBin(seen, files, sortBy, context))
      else conflicts++
    }
  } catch (error) {
    await discard(staged)
    throw error
  }
  return { seen, staged: staged.filter(({ bin }) => bin.length > 0), conflicts }
}

async function stageBin(
  seen: Snapshot,
  chosen: readonly AddFile[],
  sortBy: readonly string[],
  { connection, folder, runtime }: WriteContext,
): Promise<StagedBin> {
  const legacy = await legacyFiles(seen, chosen, connection)
  const foreign = await outsideFiles(seen.table, chosen)
  const bin = chosen.filter((file) => !legacy.has(file) && !foreign.has(file))
  if (bin.length < 2 && !bin[0]?.deletionVector) return { bin: [], files: [] }
  const order = sortBy.length === 0 ? '' : ` ORDER BY ${sortBy.map(quoteName).join(', ')}`
  const files = await withScan({ ...planScan(seen), files: bin }, connection, (rows) =>
    stageRows(connection, `SELECT * FROM (${rows})${order}`, seen, folder, runtime, { dataChange: false }),
  )
  return { bin, files }
}

async function commitStaged(
  before: OptimizeResult,
  { seen, staged, conflicts }: StagedCommit,
  { runtime }: WriteContext,
): Promise<OptimizeResult> {
  await uploadAll(
    seen.table,
    staged.flatMap(({ files }) => files),
  )
  if (staged.length > 0) runtime.crashPoint('compacted')
  return commitBins({ ...before, conflicts: before.conflicts + conflicts }, seen, staged, runtime)
}

/** Where another writer has removed or marked a file meanwhile, only its bin is left out. */
async function commitBins(
  before: OptimizeResult,
  seen: Snapshot,
  bins: readonly StagedBin[],
  runtime: Runtime,
): Promise<OptimizeResult> {
  if (bins.length === 0) return before
  const transaction = replacing(bins, runtime)
  const made = await commit(seen, transaction, runtime)
  if (made.outcome !== 'committed') {
    const isRetried = made.outcome === 'conflict' && made.reason === 'removed'
    const isValid = (bin: StagedBin) => !conflictBetween(seen, made.snapshot, replacing([bin], runtime))
    const valid = isRetried ? bins.filter(isValid) : []
    const conflicts = before.conflicts + bins.length - valid.length
    return commitBins({ ...before, snapshot: made.snapshot, conflicts }, seen, valid, runtime)
  }
  const { add, remove } = transaction
  return {
    snapshot: made.snapshot,
    removedFiles: before.removedFiles + remove.length,
    removedBytes: before.removedBytes + bytesOf(bins.flatMap(({ bin }) => bin)),
    addedFiles: before.addedFiles + add.length,
    addedBytes: before.addedBytes + bytesOf(add),
    conflicts: before.conflicts,
  }
}

function replacing(bins: readonly StagedBin[], runtime: Runtime) {
  const add = bins.flatMap(({ bin, files }) => {
    const tags = bin[0]?.tags
    return files.map((file) => (tags ? { ...file.add, tags } : file.add))
  })
  const remove = bins.flatMap(({ bin }) => bin.map((file) => removalOf(file, runtime.now(), false)))
  return { operation: 'OPTIMIZE', add, remove }
}

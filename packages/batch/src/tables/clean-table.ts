import { MillraceError } from '@millrace/base'
import {
  type AddFile,
  commit,
  committedOrThrow,
  openOrCreate,
  openTable,
  partitionsOf,
  removalOf,
  type Snapshot,
  type StagedFile,
  stageRows,
  uploadAll,
} from '@millrace/delta'
import { QUARANTINE_SCHEMA, quarantinePath } from '@millrace/outputs'
import { BATCH } from '@millrace/queries'
import { type Dataset, newTableOf } from '@millrace/transform'
import { type Manifest, readNotes, type TableNotes, writeNotes } from '../manifest.ts'
import type { RunParts } from '../parts.ts'
import { keepNewRows } from './duplicates.ts'
import { makeOnCluster } from './on-trino.ts'
import { collectRejected } from './rejected.ts'
import { type OnRecords, type Portions, rowsOf, stage, stagePortions } from './staging.ts'
import type { NewRows, TableParts } from './table-parts.ts'

/** How far a record's time may be ahead of the time at which the run was planned. */
const AHEAD_MS = 24 * 3_600_000

/** Called while a table is written. */
export interface TableListener {
  readonly onRecords: OnRecords
  /** Called when the records are cleaned: the rest of the work leaves room for another table. */
  readonly onStaged: () => void
  /** Called before the commit with the number of partitions that the table will have rows in. */
  readonly onPartitions: (table: string, partitions: number) => void
}

/** Writes the run's rows into the table exactly once. Rows that an earlier try committed stay as they are. */
export async function writeCleanTable(
  dataset: Dataset,
  manifest: Manifest,
  portions: () => Promise<Portions>,
  parts: RunParts,
  { onRecords, onStaged, onPartitions }: TableListener,
): Promise<TableNotes> {
  const { lake, engine, runtime } = parts
  const table = { store: lake, path: `${BATCH}/${dataset.name}` }
  const snapshot = await openOrCreate(table, newTableOf(dataset), runtime)
  const noted = isDone(snapshot, manifest) && (await readNotes(lake, manifest, dataset.name))
  if (noted) return noted
  refuseMixedFiles(snapshot, manifest)
  const connection = await engine.connect()
  try {
    const rejected = await collectRejected(manifest, connection, parts)
    const kept = [...snapshot.files.values()].filter((file) => !isOfRun(file, manifest))
    const latest = manifest.made + AHEAD_MS
    const tableParts: TableParts = { ...parts, dataset, snapshot, kept, latest, connection, rejected, onRecords }
    const { files, ...made } = parts.clusterSchema
      ? await makeOnCluster(await portions(), parts.clusterSchema, tableParts)
      : await makeHere(await portions(), tableParts, onStaged)
    runtime.crashPoint(`${dataset.name} uploaded`)
    if (snapshot.metadata.partitionColumns.length > 0) onPartitions(table.path, partitionsOf([...kept, ...files]))
    await commitRejected(manifest, tableParts)
    runtime.crashPoint(`${dataset.name} rejected`)
    const notes = { ...made, rejected: rejected.count(), reasons: rejected.commonest() }
    await writeNotes(lake, manifest, dataset.name, notes)
    runtime.crashPoint(`${dataset.name} noted`)
    await replaceFiles(snapshot, files, manifest, parts)
    return notes
  } finally {
    connection.closeSync()
  }
}

async function makeHere(portions: Portions, parts: TableParts, onStaged: () => void): Promise<NewRows> {
  const staged = await stagePortions(portions, parts)
  onStaged()
  const { files, duplicates } = await keepNewFiles(staged.files, parts)
  await uploadAll(parts.snapshot.table, files)
  const { records, filtered, rejectedObjects } = staged
  return { files: files.map(({ add }) => add), records, rows: rowsOf(files), duplicates, filtered, rejectedObjects }
}

async function keepNewFiles(
  files: readonly StagedFile[],
  parts: TableParts,
): Promise<{ files: readonly StagedFile[]; duplicates: number }> {
  const { dataset, snapshot, kept, latest, connection, rejected } = parts
  const result = await keepNewRows(dataset, files, { snapshot, files: kept }, latest, connection)
  const reason = 'a time in it is in the future'
  await rejected.add(result.future.map((json) => ({ object: null, place: null, reason, value: Buffer.from(json) })))
  const left = result.left === undefined ? [] : await stage(result.left, connection, parts)
  return { files: [...result.whole, ...left], duplicates: result.duplicates }
}

/** Commits the rejected records. It must run before the table's own commit, because they are nowhere else. */
async function commitRejected(
  manifest: Manifest,
  { dataset, connection, rejected, ...parts }: TableParts,
): Promise<void> {
  const table = { store: parts.lake, path: quarantinePath(`${BATCH}/${dataset.name}`) }
  if (rejected.count() === 0 && !(await openTable(table))) return
  const snapshot = await openOrCreate(table, { schema: QUARANTINE_SCHEMA }, parts.runtime)
  const files = await stageRows(connection, rejected.sql(), snapshot, parts.workFolder, parts.runtime)
  await uploadAll(table, files)
  const add = files.map((file) => file.add)
  await replaceFiles(snapshot, add, manifest, parts)
}

/** Tag of a file: the date of the run whose rows it holds. */
const RUN_TAG = 'millrace.run'

/** Whether a file holds rows of the run; a full run makes all anew. */
export const isOfRun = ({ tags }: AddFile, { date, full }: Manifest) => full || tags?.[RUN_TAG] === date

/** Throws if another engine compacted the table: that mixes the rows of runs and drops the tags of their files. */
function refuseMixedFiles({ table, files }: Snapshot, { date, attempt, full }: Manifest): void {
  if (full || attempt === 1 || files.values().every(({ tags }) => tags?.[RUN_TAG] !== undefined)) return
  throw new MillraceError(
    'RUN_ORDER',
    `${table.store.url}/${table.path} has been rewritten by another engine: its files no longer say which rows are of ${date}`,
    { next: `Repeat the run of ${date} in full.` },
  )
}

export const runTxn = ({ date }: { readonly date: string }) => `batch/${date}`

function isDone(snapshot: Snapshot, manifest: Manifest): boolean {
  return snapshot.txns.get(runTxn(manifest)) === BigInt(manifest.attempt)
}

/** Replaces the files of the run's date with its new files. A full run replaces all files. */
async function replaceFiles(
  snapshot: Snapshot,
  files: readonly AddFile[],
  manifest: Manifest,
  { runtime }: RunParts,
): Promise<Snapshot> {
  const now = runtime.now()
  const replaced = [...snapshot.files.values()].filter((file) => isOfRun(file, manifest))
  const transaction = {
    operation: 'WRITE',
    parameters: { mode: 'Overwrite', run: manifest.date },
    add: files.map((file) => ({ ...file, tags: { [RUN_TAG]: manifest.date } })),
    remove: replaced.map((file) => removalOf(file, now)),
    txn: [{ appId: runTxn(manifest), version: BigInt(manifest.attempt), lastUpdated: now }],
  }
  return committedOrThrow(await commit(snapshot, transaction, runtime))
}

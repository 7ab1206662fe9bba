import { MillraceError } from '@millrace/base'
import {
  type AddFile,
  commit,
  committedOrThrow,
  openOrCreate,
  openTable,
  removalOf,
  type Snapshot,
  type StagedFile,
  stageRows,
  uploadAll,
} from '@millrace/delta'
import { BATCH } from '@millrace/queries'
import type { Dataset } from '@millrace/transform'
import { siftRows } from './duplicates.ts'
import type { Making, NewRows } from './making.ts'
import { type Manifest, readNotes, type TableNotes, writeNotes } from './manifest.ts'
import type { RunParts } from './parts.ts'
import { createRefusals, REFUSED_SCHEMA } from './refused.ts'
import { type OnRecords, type Portions, rowsOf, stage, stagePortions } from './staging.ts'
import { makeOnCluster } from './trino/clean.ts'

/** A record may be this far ahead of the clock that the run was planned by. */
const AHEAD_MS = 24 * 3_600_000

/** The run's rows in its table, once, whoever began it: what another try has committed stays as it is. */
export async function writeCleanTable(
  dataset: Dataset,
  manifest: Manifest,
  portions: () => Promise<Portions>,
  parts: RunParts,
  onRecords: OnRecords,
): Promise<TableNotes> {
  const { lake, engine, runtime } = parts
  const table = { store: lake, path: `${BATCH}/${dataset.name}` }
  const snapshot = await openOrCreate(table, { schema: dataset.schema, description: dataset.description }, runtime)
  const noted = isDone(snapshot, manifest) && (await readNotes(lake, manifest, dataset.name))
  if (noted) return noted
  refuseMixedFiles(snapshot, manifest)
  const connection = await engine.connect()
  try {
    const refusals = await createRefusals(manifest.date, connection, parts)
    const kept = [...snapshot.files.values()].filter((file) => !isReplaced(file, manifest))
    const latest = manifest.made + AHEAD_MS
    const making: Making = { ...parts, dataset, snapshot, kept, latest, connection, refusals, onRecords }
    const { files, ...made } = parts.bench
      ? await makeOnCluster(await portions(), parts.bench, making)
      : await makeHere(await portions(), making)
    runtime.crashPoint(`${dataset.name} uploaded`)
    await commitRefusals(manifest, making)
    runtime.crashPoint(`${dataset.name} refused`)
    const notes = { ...made, refused: refusals.count() }
    await writeNotes(lake, manifest, dataset.name, notes)
    runtime.crashPoint(`${dataset.name} noted`)
    await replaceFiles(snapshot, files, manifest, parts)
    return notes
  } finally {
    connection.closeSync()
  }
}

async function makeHere(portions: Portions, making: Making): Promise<NewRows> {
  const staged = await stagePortions(portions, making)
  const { files, duplicates } = await siftFiles(staged.files, making)
  await uploadAll(making.snapshot.table, files)
  const { records, filtered, refusedObjects } = staged
  return { files: files.map(({ add }) => add), records, rows: rowsOf(files), duplicates, filtered, refusedObjects }
}

async function siftFiles(
  files: readonly StagedFile[],
  making: Making,
): Promise<{ files: readonly StagedFile[]; duplicates: number }> {
  const { dataset, snapshot, kept, latest, connection, refusals } = making
  const sifted = await siftRows(dataset, files, { snapshot, files: kept }, latest, connection)
  const reason = 'a time in it is in the future'
  await refusals.add(sifted.future.map((json) => ({ object: null, place: null, reason, value: Buffer.from(json) })))
  const left = sifted.left === undefined ? [] : await stage(sifted.left, connection, making)
  return { files: [...sifted.whole, ...left], duplicates: sifted.duplicates }
}

/** Before the table's own commit: what is refused is nowhere else. */
async function commitRefusals(manifest: Manifest, { dataset, connection, refusals, ...parts }: Making): Promise<void> {
  const table = { store: parts.lake, path: `${BATCH}/${dataset.name}_quarantine` }
  if (refusals.count() === 0 && !(await openTable(table))) return
  const snapshot = await openOrCreate(table, { schema: REFUSED_SCHEMA }, parts.runtime)
  const files = await stageRows(connection, 'FROM refused', snapshot.metadata, parts.workFolder, parts.runtime)
  await uploadAll(table, files)
  const add = files.map((file) => file.add)
  await replaceFiles(snapshot, add, manifest, parts)
}

/** Which run's rows a file holds. */
const RUN_TAG = 'millrace.run'

const isReplaced = ({ tags }: AddFile, { date, full }: Manifest) => full || tags?.[RUN_TAG] === date

/** Another engine that makes large files of small ones mixes the rows of runs, and drops what tells them apart. */
function refuseMixedFiles({ table, files }: Snapshot, { date, attempt, full }: Manifest): void {
  if (full || attempt === 1 || files.values().every(({ tags }) => tags?.[RUN_TAG] !== undefined)) return
  throw new MillraceError(
    'RUN_ORDER',
    `${table.store.url}/${table.path} has been rewritten by another engine: the rows of ${date} are not to be told from others`,
    { next: `Do the run of ${date} anew, in full.` },
  )
}

export const runTxn = ({ date }: { readonly date: string }) => `batch/${date}`

function isDone(snapshot: Snapshot, manifest: Manifest): boolean {
  return snapshot.txns.get(runTxn(manifest)) === BigInt(manifest.attempt)
}

/** The run's new files in the place of those that its date has in the table; or of all, where it does all anew. */
async function replaceFiles(
  snapshot: Snapshot,
  files: readonly AddFile[],
  manifest: Manifest,
  { runtime }: RunParts,
): Promise<Snapshot> {
  const now = runtime.now()
  const replaced = [...snapshot.files.values()].filter((file) => isReplaced(file, manifest))
  const transaction = {
    operation: 'WRITE',
    parameters: { mode: 'Overwrite', run: manifest.date },
    add: files.map((file) => ({ ...file, tags: { [RUN_TAG]: manifest.date } })),
    remove: replaced.map((file) => removalOf(file, now)),
    txn: [{ appId: runTxn(manifest), version: BigInt(manifest.attempt), lastUpdated: now }],
  }
  return committedOrThrow(await commit(snapshot, transaction, runtime))
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { valueAt } from '@millrace/base'
import type { Scan } from '@millrace/lake'
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
  withScan,
} from '@millrace/lake'
import { BATCH } from '@millrace/queries'
import { type Dataset, withCleanRows } from '@millrace/transform'
import type { RawBlock } from './input/raw-blocks.ts'
import { type Manifest, type RawObject, readNotes, type TableNotes, writeNotes } from './manifest.ts'
import type { RunParts } from './parts.ts'
import { createRefusals, REFUSED_SCHEMA, type Refusals } from './refused.ts'
import { createSieve, type RowSieve, rememberRows } from './row-sieve.ts'

/** What a table is made of: records to clean, or rows that are clean. */
export type Portions =
  | { readonly kind: 'raw'; readonly blocks: AsyncIterable<RawBlock> }
  | { readonly kind: 'clean'; readonly scans: readonly Scan[] }

/** A record may be this far ahead of the clock that the run was planned by. */
const AHEAD_MS = 24 * 3_600_000

/** Told after each portion. */
export type OnRecords = (records: number) => void

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
  const started = runtime.monotonic()
  const connection = await engine.connect()
  try {
    const sieve = await createSieve(dataset, connection, manifest.made + AHEAD_MS)
    const kept = [...snapshot.files.values()].filter((file) => !isReplaced(file, manifest))
    await rememberRows(dataset, connection, snapshot, kept)
    const refusals = await createRefusals(manifest.date, connection, parts)
    const filling: Filling = { dataset, snapshot, connection, sieve, refusals, parts, onRecords }
    const filled = await fill(filling, await portions())
    await commitRefusals(filling, manifest)
    runtime.crashPoint(`${dataset.name} refused`)
    const seconds = (runtime.monotonic() - started) / 1000
    const notes = { ...filled.counts, refused: refusals.count(), refusedObjects: filled.refusedObjects, seconds }
    await writeNotes(lake, manifest, dataset.name, notes)
    runtime.crashPoint(`${dataset.name} noted`)
    await replaceFiles(snapshot, filled.files, manifest, parts)
    runtime.crashPoint(`${dataset.name} committed`)
    return notes
  } finally {
    connection.closeSync()
  }
}

interface Filling {
  readonly dataset: Dataset
  readonly snapshot: Snapshot
  readonly connection: DuckDBConnection
  readonly sieve: RowSieve
  readonly refusals: Refusals
  readonly parts: RunParts
  readonly onRecords: OnRecords
}

interface Filled {
  readonly files: readonly StagedFile[]
  readonly counts: Pick<TableNotes, 'records' | 'rows' | 'duplicates' | 'filtered'>
  readonly refusedObjects: readonly RawObject[]
}

async function fill(filling: Filling, portions: Portions): Promise<Filled> {
  const files: StagedFile[] = []
  const refusedObjects: RawObject[] = []
  const counts = { records: 0, rows: 0, duplicates: 0, filtered: 0 }
  let uploading = Promise.resolve()
  const keep = async (records: number) => {
    const staged = await writePortion(filling, counts)
    files.push(...staged)
    await uploading
    uploading = uploadAll(filling.snapshot.table, staged)
    uploading.catch(() => {})
    counts.records += records
    filling.onRecords(counts.records)
  }
  if (portions.kind === 'clean') {
    for (const scan of portions.scans) {
      const rows = await withScan(scan, filling.connection, (query) => filling.sieve.fill(query, filling.connection))
      await keep(Number(rows))
    }
  } else {
    for await (const block of portions.blocks) {
      counts.filtered += await cleanBlock(filling, block)
      refusedObjects.push(...block.refused.map(({ object }) => object))
      await keep(block.values.count)
    }
  }
  await uploading
  return { files, counts, refusedObjects }
}

/** Into the sieve with the good ones; answers how many an expectation dropped. */
async function cleanBlock({ dataset, sieve, refusals, parts }: Filling, block: RawBlock): Promise<number> {
  const { values, placeOf, refused } = block
  const nameOf = (_: number, index: number) => `${placeOf(index).object}, record ${placeOf(index).place}`
  const { fates } = await withCleanRows(dataset, [values], { ...parts, nameOf }, async (query, connection) => ({
    rows: await sieve.fill(query, connection),
  }))
  await refusals.add(refused.map(({ object, reason }) => ({ object: object.key, place: null, reason, value: null })))
  await refusals.add(
    fates.bad.map(({ index, reason }) => ({ ...placeOf(index), reason, value: valueAt(values, index) })),
  )
  return fates.filtered.reduce((sum, count) => sum + count, 0)
}

async function writePortion(
  { dataset, snapshot, connection, sieve, refusals, parts }: Filling,
  counts: { rows: number; duplicates: number },
): Promise<StagedFile[]> {
  const { rows, duplicates, future, query } = await sieve.sift()
  counts.rows += rows
  counts.duplicates += duplicates
  const reason = 'a time in it is in the future'
  await refusals.add(future.map((json) => ({ object: null, place: null, reason, value: Buffer.from(json) })))
  if (rows === 0) return []
  const columns = dataset.schema.fields.map(({ name }) => name)
  return stageRows(connection, query, snapshot.metadata, parts.workFolder, parts.runtime, { columns })
}

/** Before the table's own commit: what is refused is nowhere else. */
async function commitRefusals({ dataset, connection, refusals, parts }: Filling, manifest: Manifest): Promise<void> {
  const table = { store: parts.lake, path: `${BATCH}/${dataset.name}_quarantine` }
  if (refusals.count() === 0 && !(await openTable(table))) return
  const snapshot = await openOrCreate(table, { schema: REFUSED_SCHEMA }, parts.runtime)
  const files = await stageRows(connection, 'FROM refused', snapshot.metadata, parts.workFolder, parts.runtime)
  await uploadAll(table, files)
  await replaceFiles(snapshot, files, manifest, parts)
}

/** Which run's rows a file holds. */
const RUN_TAG = 'millrace.run'

const isReplaced = ({ tags }: AddFile, { date, full }: Manifest) => full || tags?.[RUN_TAG] === date

export const runTxn = ({ date }: { readonly date: string }) => `batch/${date}`

export function isDone(snapshot: Snapshot, manifest: Manifest): boolean {
  return snapshot.txns.get(runTxn(manifest)) === BigInt(manifest.attempt)
}

/** The run's new files in the place of those that its date has in the table; or of all, where it does all anew. */
export async function replaceFiles(
  snapshot: Snapshot,
  files: readonly StagedFile[],
  manifest: Manifest,
  { runtime }: RunParts,
): Promise<Snapshot> {
  const now = runtime.now()
  const replaced = [...snapshot.files.values()].filter((file) => isReplaced(file, manifest))
  const transaction = {
    operation: 'WRITE',
    parameters: { mode: 'Overwrite', run: manifest.date },
    add: files.map(({ add }) => ({ ...add, tags: { [RUN_TAG]: manifest.date } })),
    remove: replaced.map((file) => removalOf(file, now)),
    txn: [{ appId: runTxn(manifest), version: BigInt(manifest.attempt), lastUpdated: now }],
  }
  return committedOrThrow(await commit(snapshot, transaction, runtime))
}

import { type Runtime, systemRuntime } from '@millrace/base'
import { openScan, openTable, planScan } from '@millrace/delta'
import { filesOf, openMachine, quoteText } from '@millrace/engine'
import type { FormatContext } from '@millrace/formats'
import { openLake } from '@millrace/store'
import { createCleaner, type Dataset, datasetFolder, loadDataset } from '@millrace/transform'
import { printable } from './printable.ts'
import { type ReplayTotals, replayQuarantine } from './replay.ts'
import { DISMISSED, quarantinePath } from './table.ts'

export interface QuarantineOf {
  readonly dataset: string
  readonly table: string
}

export interface QuarantineOptions {
  readonly lake: string
  readonly tables: readonly QuarantineOf[]
  readonly datasetFolders: readonly string[]
  /** Returns the data set of a table of which no folder says what its records are. */
  readonly inferDataset?: (of: QuarantineOf) => Promise<Dataset | undefined>
  /** What formats need for a replay: where schemas are found. */
  readonly formats?: FormatContext
  /** For each data set the columns of its table that it does not fill and that may be NULL. */
  readonly nullColumns?: Readonly<Record<string, readonly string[]>>
}

/** A rejected record for people: the beginning of its bytes as text, with control characters escaped. */
export interface ListedRecord {
  readonly table: string
  readonly topic: string
  readonly partition: string
  readonly offset: string
  readonly time: string
  readonly reason: string
  readonly state: string
  readonly value: string | null
}

/** Lists rejected records, the newest first. */
export async function listQuarantine(
  { lake, tables }: QuarantineOptions,
  limit: number,
  withDismissed = false,
): Promise<ListedRecord[]> {
  const store = await openLake(lake)
  await using machine = await openMachine(systemRuntime, filesOf(store))
  const connection = await machine.engine.connect()
  const listed: ListedRecord[] = []
  for (const { table } of tables) {
    const snapshot = await openTable({ store, path: quarantinePath(table) })
    if (!snapshot || snapshot.files.size === 0) continue
    await using rows = await openScan(planScan(snapshot), connection)
    const reader = await connection.runAndReadAll(`
        SELECT topic, partition, "offset", strftime(time, '%Y-%m-%dT%H:%M:%S.%gZ'), reason, state, value
        FROM (${rows.sql}) WHERE ${withDismissed} OR NOT starts_with(state, ${quoteText(DISMISSED)}) ORDER BY rejected_at DESC, topic, ${PARTITION}, offset_number, length("offset"), "offset" LIMIT ${limit}`)
    listed.push(...reader.getRows().map((row) => listedRecord(table, row)))
  }
  return listed
}

/** Orders partitions that are numbers as such, and others by their names. */
const PARTITION = 'TRY_CAST(partition AS BIGINT), partition'

function listedRecord(table: string, row: readonly unknown[]): ListedRecord {
  const [topic, partition, offset, time, reason, state] = row.map(String) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const value = row[6] as { bytes: Uint8Array } | null
  return { table, topic, partition, offset, time, reason, state, value: value && printable(value.bytes) }
}

/** Cleans every rejected record of these data sets again, by the current rules. */
export async function replayAll(
  { lake, tables, datasetFolders, inferDataset, formats, nullColumns = {} }: QuarantineOptions,
  runtime: Runtime,
): Promise<Map<string, ReplayTotals>> {
  const store = await openLake(lake)
  await using machine = await openMachine(runtime, filesOf(store))
  const cleaner = createCleaner(machine)
  const totals = new Map<string, ReplayTotals>()
  for (const of of tables) {
    const { dataset, table: path } = of
    if (!(await openTable({ store, path: quarantinePath(path) }))) continue
    const hasFolder = datasetFolder(dataset, datasetFolders) !== undefined
    const inferred = hasFolder ? undefined : await inferDataset?.(of)
    const parts = {
      ...machine,
      store,
      path,
      dataset: inferred ?? (await loadDataset(dataset, datasetFolders, formats)),
      cleaner,
      nullColumns: nullColumns[dataset] ?? [],
    }
    totals.set(path, await replayQuarantine(parts))
  }
  return totals
}

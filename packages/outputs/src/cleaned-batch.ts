import type { Json } from '@duckdb/node-api'
import { keyAt, MillraceError, valueAt } from '@millrace/base'
import { discardStaged, type Snapshot, type StagedFile } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import type { Cleaner, CleanFiles, CleanReport, Dataset } from '@millrace/transform'
import { type Block, type Position, partitionKey, pickRecords, reached, type Source } from '@millrace/transport'
import type { Advance } from './advance.ts'
import { type AllColumns, copyAllColumns, copyRows, type WrittenRows } from './copied-files.ts'
import { type LedgerEntry, ledgerEntry } from './ledger/ledger.ts'
import type { RejectedRecord, RejectedRecords } from './rejected-record.ts'
import { readRows, tableInMemory } from './rows.ts'
import { changesInMemory, type StagedChanges, sharedChanges, stageNewest } from './staged-changes.ts'

/**
 * A batch for the outputs. It is cleaned when the first of them asks for rows, and writes them itself in the form asked
 * for, in one statement; others get copies of those rows while the first one's files are there. An output that wants the
 * messages as they came takes them, and nothing is cleaned for it.
 * The bytes are valid until the last `prepare` has settled.
 */
export interface CleanedBatch {
  readonly dataset: Dataset
  readonly advances: readonly Advance[]
  /**
   * The messages as they were read: all of them, also those that are rejected, repeated, or of another data set. Nothing
   * is cleaned for them.
   */
  readonly messages: readonly Block[]
  /** The records that are to be cleaned; the place of a change is counted over all of them. */
  readonly records: readonly Block[]
  /** Writes the clean rows into Parquet files of this computer, with the columns of that table. */
  parquet(table: Snapshot): Promise<readonly StagedFile[]>
  /** The same for a table that takes columns which come with the rows; returns the metadata that the files are for. */
  evolving(table: Snapshot): Promise<Pick<CleanFiles, 'files' | 'stagedFor'>>
  /** Writes the clean rows into Parquet files of this computer, with those columns too that came with them. */
  allColumns(): Promise<AllColumns>
  /**
   * Yields the clean rows in portions, as values of JSON: times, decimals and whole numbers of 64 bits are texts. For
   * outputs that know neither Delta nor the engine; it is slower than `parquet`.
   */
  rows(): AsyncIterable<readonly Row[]>
  /**
   * Writes the newest change of each key into a file of this computer: for outputs that keep the table of a keyed data
   * set. `table` is where the rows go, if it may ask more of a row than the data set does, or take columns that come with
   * them. `as` is the same data set with a key of the output's own, where rows are appended elsewhere.
   */
  changes(table?: Snapshot, as?: Dataset): Promise<StagedChanges>
  /** Returns the outcome of the records; cleans them if that has not been done yet. */
  report(): Promise<BatchReport>
  /** The batch without the records that come before these positions, by `partitionKey`. */
  from(positions: ReadonlyMap<string, Position>): CleanedBatch
}

/** What a batch is cleaned for. */
export interface BatchPurpose {
  readonly dataset: Dataset
  /** The pipeline's name. */
  readonly group: string
  /** Where reading begins with the record of this name. */
  readonly positionOf: Source['positionOf']
  /** The table by whose columns records are cleaned, where it takes those that come with them. */
  readonly evolvesInto?: Snapshot
}

/** The values of a clean row by column. */
export type Row = Readonly<Record<string, Json>>

/** Outcome of a batch's records: `rows`, `filtered` and `rejected` of those that were to be cleaned. */
export interface BatchReport {
  readonly rows: number
  readonly filtered: number
  readonly rejected: RejectedRecords
  readonly unknown: CleanReport['unknown']
  /** For each partition, in the order of the batch's advances. */
  readonly ledger: readonly LedgerEntry[]
}

/** The records of a block that are to be cleaned, and the counts of the others. */
export interface SelectedBlock {
  readonly block: Block
  /** The messages that the records came in. */
  readonly messages: Block
  /** How many there are, where a message holds several records. */
  readonly read?: number
  /** Records that were in the quarantine already. */
  readonly held: number
  /** Records of another data set. */
  readonly elsewhere: number
  /** Records that repeat an earlier one. */
  readonly repeated: number
  readonly unrecognized: readonly UnrecognizedRecord[]
}

/** A record of a topic of several data sets that is of none of them. */
export interface UnrecognizedRecord {
  /** The source's name of the record. */
  readonly offset: string
  readonly time: number
  readonly reason: string
  readonly value: Uint8Array | null
  readonly key: Uint8Array | null
}

export function cleanedBatch(
  selected: readonly SelectedBlock[],
  advances: readonly Advance[],
  purpose: BatchPurpose,
  cleaner: Cleaner,
  machine: Machine,
): CleanedBatch {
  const { dataset, group, evolvesInto } = purpose
  const blocks = selected.map(({ block }) => block)
  const nameOf = (block: number, index: number) => recordName(blocks[block] as Block, index)
  let report: CleanReport | undefined
  let written: WrittenRows | undefined
  let staged: { readonly rules: string; readonly changes: StagedChanges } | undefined
  const intoFiles = async (snapshot: Snapshot) => {
    const columns = dataset.schema.fields.map(({ name }) => name)
    if (evolvesInto) return withRows((rows) => copyRows(rows, snapshot, columns, machine))
    const copied = written && (await copyRows(written, snapshot, columns, machine))
    if (copied) return copied
    const cleaned = await cleaner.cleanIntoFiles(dataset, blocks, { snapshot }, nameOf)
    // The output that asked first is the anchor: what its table refuses is rejected for all.
    report ??= cleaned.report
    written = { snapshot, files: cleaned.files }
    return cleaned.files
  }
  const evolving = async (snapshot: Snapshot) => {
    const cleaned = await cleaner.cleanIntoFiles(dataset, blocks, { snapshot, takesNewColumns: true }, nameOf)
    report = cleaned.report
    return cleaned
  }
  /** Copies the rows that the lake's table gets, or that it has got already. */
  const withRows = async <T>(copy: (rows: WrittenRows) => Promise<T | undefined>): Promise<T> => {
    const copied = written && (await copy(written))
    if (copied) return copied
    const { files, snapshot } = await evolving(evolvesInto ?? (await tableInMemory(dataset, machine)))
    try {
      return (await copy({ files, snapshot })) as T
    } finally {
      await Promise.all(files.map(discardStaged))
    }
  }
  const changes = async (table?: Snapshot, as = dataset) => {
    const { keyed } = as
    const keyedTable = table ?? evolvesInto
    if (!keyed) throw new MillraceError('INTERNAL', `data set ${dataset.name} has no key`)
    const rules = JSON.stringify(keyed)
    const shared = staged?.rules === rules && (await sharedChanges(staged.changes, machine))
    if (shared) return shared
    const snapshot = await changesInMemory(as, machine)
    const takesNewColumns = keyedTable !== undefined && as.onSchemaChange === 'evolve'
    const target = { snapshot, keyedTable, takesNewColumns }
    const cleaned = await cleaner.cleanIntoFiles(as, blocks, target, nameOf)
    report ??= cleaned.report
    const newest = await stageNewest(keyed, cleaned.files, cleaned.snapshot, machine)
    staged = { rules, changes: { ...newest, ...(takesNewColumns && { stagedFor: cleaned.stagedFor }) } }
    return staged.changes
  }
  const batch: CleanedBatch = {
    dataset,
    advances,
    messages: selected.map(({ messages }) => messages),
    records: blocks,
    parquet: intoFiles,
    async evolving(snapshot) {
      const cleaned = await evolving(snapshot)
      written = cleaned
      return cleaned
    },
    allColumns: () => withRows((rows) => copyAllColumns(rows, machine)),
    async *rows() {
      yield* readRows(await intoFiles(await tableInMemory(dataset, machine)), machine)
    },
    changes,
    async report() {
      report ??= await cleaner.checkRecords(dataset, blocks, nameOf, evolvesInto)
      return reportOf(selected, advances, report, group)
    },
    from(positions) {
      const left = selected.flatMap((each) => leftFrom(each, positions, purpose))
      if (left.length === blocks.length && left.every(({ block }, i) => block === blocks[i])) return batch
      const further = advances.flatMap((each) => advanceFrom(each, left, positions))
      return cleanedBatch(left, further, purpose, cleaner, machine)
    },
  }
  return batch
}

/** Records of a message that holds several go by its offset and their place in it, such as `12[0]`. */
function messageOf(name: bigint | string): bigint | string {
  return typeof name === 'bigint' ? name : name.replace(/\[\d+\]$/, '')
}

function leftFrom(
  selected: SelectedBlock,
  positions: ReadonlyMap<string, Position>,
  { positionOf }: BatchPurpose,
): SelectedBlock[] {
  const { block, messages } = selected
  const first = positions.get(partitionKey(block.partition))
  if (first === undefined || reached(block.from, first)) return [selected]
  if (reached(first, block.to)) return []
  const left = (of: Block) => {
    const all = Array.from({ length: of.count }, (_, i) => i)
    return pickRecords(
      of,
      all.filter((i) => reached(positionOf(messageOf(of.offsets[i] ?? '')), first)),
    )
  }
  return [{ ...selected, block: left(block), messages: left(messages) }]
}

/** Returns what is left of an advance, whose blocks are left. */
function advanceFrom(
  advance: Advance,
  left: readonly SelectedBlock[],
  positions: ReadonlyMap<string, Position>,
): Advance[] {
  const { partition, from, to } = advance
  const first = positions.get(partitionKey(partition))
  if (first === undefined || reached(from, first)) return [advance]
  if (reached(first, to)) return []
  const mine = left.filter(({ block }) => partitionKey(block.partition) === partitionKey(partition))
  const messages = mine.reduce((sum, { read, messages: of }) => sum + (read ?? of.count), 0)
  const records = mine.reduce((sum, each) => sum + recordsIn(each), 0)
  return [{ partition, from: first, to, messages, records }]
}

function recordsIn({ block, held, elsewhere, repeated, unrecognized }: SelectedBlock): number {
  return block.count + held + elsewhere + repeated + unrecognized.length
}

function reportOf(
  selected: readonly SelectedBlock[],
  advances: readonly Advance[],
  report: CleanReport,
  group: string,
): BatchReport {
  return {
    rows: report.rows,
    filtered: report.filtered.reduce((sum, count) => sum + count, 0),
    rejected: {
      length: selected.reduce((sum, { unrecognized }) => sum + unrecognized.length, report.rejected.length),
      [Symbol.iterator]: () => rejectedRecords(selected, report, group),
    },
    unknown: report.unknown,
    ledger: ledgerOf(advances, selected, report),
  }
}

function* rejectedRecords(
  selected: readonly SelectedBlock[],
  { rejected }: CleanReport,
  group: string,
): Generator<RejectedRecord, undefined> {
  for (const { block, unrecognized } of selected) {
    for (const record of unrecognized) yield { ...originOf(block, group), ...record, state: 'unrecognized' }
  }
  for (const { block: at, index, reason } of rejected) {
    const { block } = selected[at] as SelectedBlock
    const [offset, time] = [String(block.offsets[index]), block.times[index] ?? 0]
    const [value, key] = [valueAt(block, index), keyAt(block, index)]
    yield { ...originOf(block, group), offset, time, reason, state: 'bad', value, key }
  }
}

function originOf({ partition: { topic, identity, id } }: Block, group: string) {
  return { pipeline: group, topic, identity, partition: id }
}

function recordName(block: Block, index: number): string {
  return `${partitionKey(block.partition)} at ${block.offsets[index]}`
}

/** Returns the account of each partition. */
function ledgerOf(
  advances: readonly Advance[],
  selected: readonly SelectedBlock[],
  report: CleanReport,
): LedgerEntry[] {
  const rejectedOf = new Map<number, number>()
  for (const { block } of report.rejected) rejectedOf.set(block, (rejectedOf.get(block) ?? 0) + 1)
  const counts = new Map<string, Counted>()
  for (const [at, { block, held, unrecognized, elsewhere, repeated }] of selected.entries()) {
    const key = partitionKey(block.partition)
    const before = counts.get(key) ?? NOTHING
    counts.set(key, {
      quarantined: before.quarantined + held + unrecognized.length + (rejectedOf.get(at) ?? 0),
      filtered: before.filtered + (report.filtered[at] ?? 0),
      elsewhere: before.elsewhere + elsewhere,
      repeated: before.repeated + repeated,
    })
  }
  return advances.map((advance) => ledgerEntry(advance, counts.get(partitionKey(advance.partition)) ?? NOTHING))
}

type Counted = Parameters<typeof ledgerEntry>[1]

const NOTHING: Counted = { quarantined: 0, filtered: 0, elsewhere: 0, repeated: 0 }

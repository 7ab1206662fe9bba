import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type Metadata, rowRefusal, type Snapshot, type StagedFile, stageRows } from '@millrace/delta'
import type { RawMessages, ReadMessages } from '@millrace/formats'
import type { Dataset } from '../dataset/dataset.ts'
import { expectationBits, failedBitsOrError } from '../dataset/expectations.ts'
import { cleanColumns, cleanTogether, type FastResult } from './fast-path.ts'
import { columnsOf, unknownColumns } from './files/column-file.ts'
import { createLineFilePool } from './files/line-files.ts'
import { concat, type Selection, splitBySuspicion } from './files/selection.ts'
import { type CloserLook, lookCloser } from './rejected/closer-look.ts'
import { markFailing as markFailingOf } from './rejected/failing-records.ts'
import { type NoteFailures, noteFailures as noteFailuresOf } from './rejected/noted-failures.ts'
import { isAboutRecords } from './rejected/record-error.ts'
import { type Split, splitByHalves, splitByIndex, takeAll } from './rejected/suspects.ts'
import { createRules, tableOf } from './rules.ts'
import { changeRefusal } from './sql/changes.ts'
import { cleanRows, columnNames, fastRaw, keptRows, linesSource, type MarkFailing } from './sql/queries.ts'
import { addUnknownFields, sampleUnknownFields, type UnknownFields } from './unknown-fields.ts'
import type { CleanerOptions, FileTarget, RecordName, Work } from './work.ts'

/** A record that may not enter its table. Its bytes are still in its block. */
export interface Rejection {
  /** Which of the blocks, and which of its values. */
  readonly block: number
  readonly index: number
  readonly reason: string
}

/** Outcome of the records: `rows`, `filtered` and `rejected` add up to all of them. */
export interface CleanReport {
  readonly rows: number
  readonly rejected: readonly Rejection[]
  /** For each block, how many rows an expectation dropped. */
  readonly filtered: readonly number[]
  /** How many rows each expectation failed for. */
  readonly failed: ReadonlyMap<string, number>
  readonly unknown: UnknownFields
  /** Whether all records were read in one statement, or some had to be read one by one. */
  readonly path: 'fast' | 'one by one'
}

/**
 * Cleans records by the rules of their data set. A record is rejected by the same rules on both paths: the fast one
 * reads all records in one statement and fails at the first record that it does not take; the other one reads those
 * suspects one by one and finds out which of them are rejected.
 */
export interface Cleaner {
  /** Writes the clean rows of all blocks, or the changes of a keyed data set, into Parquet files on this machine. */
  cleanIntoFiles(
    dataset: Dataset,
    blocks: readonly RawMessages[],
    target: FileTarget,
    nameOf?: RecordName,
  ): Promise<CleanFiles>
  /**
   * The same for a file of JSON lines, which the engine reads by itself. Returns undefined where a record needs a
   * closer look, or where the data set drops rows, which nobody would count here: then the file's records must be
   * cleaned as blocks.
   */
  cleanFileIntoFiles(dataset: Dataset, path: string, target: FileTarget): Promise<readonly StagedFile[] | undefined>
  /**
   * Reports what would become of the records, on their way to `table` if there is one, which takes columns that come with
   * them where the data set says so. Writes nothing.
   */
  checkRecords(
    dataset: Dataset,
    blocks: readonly RawMessages[],
    nameOf?: RecordName,
    table?: Snapshot,
  ): Promise<CleanReport>
}

/** Files of clean rows. */
export interface CleanFiles {
  readonly files: readonly StagedFile[]
  readonly report: CleanReport
  /** The target's table, with the columns that came with the rows. */
  readonly snapshot: Snapshot
  /** The metadata of the table that the rows are for: the target's, or with columns that came with the rows. */
  readonly stagedFor: Metadata
}

/** Holds what is kept between calls: files to write over, and what is known of each data set. */
export function createCleaner(options: CleanerOptions): Cleaner {
  const { engine, workFolder, runtime } = options
  const lineFiles = createLineFilePool(workFolder, runtime)
  const { check, prepare } = createRules()
  const hadSuspects = new WeakSet<Dataset>()
  const marks = new WeakMap<Dataset, Promise<MarkFailing | undefined>>()
  const notes = new WeakMap<Dataset, Promise<NoteFailures | undefined>>()

  const clean = async (
    described: Dataset,
    blocks: readonly RawMessages[],
    wanted: FileTarget | undefined,
    nameOf: RecordName = (block, index) => `record ${index} of block ${block}`,
    asked?: Snapshot,
  ) => {
    const connection = await engine.connect(rowsOf(blocks))
    const evolving = wanted?.takesNewColumns ? tableOf(described, wanted) : wanted ? undefined : asked
    const into = { target: wanted, evolving }
    const prepared = await prepare(described, blocks, into, nameOf, connection).catch((error) => {
      connection.closeSync()
      throw error
    })
    const { given, dataset, read, target } = prepared
    const table = asked ?? (target && tableOf(described, target))
    const markFailing = () => {
      const mark = marks.get(dataset) ?? markFailingOf(dataset, connection)
      marks.set(dataset, mark)
      return mark
    }
    const noteFailures = () => {
      const note = notes.get(dataset) ?? noteFailuresOf(dataset, connection, engine.notes)
      notes.set(dataset, note)
      return note
    }
    try {
      const refusal = given.keyed
        ? changeRefusal(given.keyed, given, table)
        : table && rowRefusal(table.metadata, columnNames(given))
      const parts = { dataset, read, connection, target, refusal, nameOf, markFailing, noteFailures }
      const cleaned = await lineFiles.lend(({ lines: files, columns: columnFile }) =>
        cleanBlocks({ ...options, ...parts, files, columnFile }, hadSuspects),
      )
      return { ...cleaned, report: withMessages(cleaned.report, read), target }
    } finally {
      for (const { columns } of read) columns?.release()
      connection.closeSync()
    }
  }
  const cleanInTurn: typeof clean = (dataset, blocks, ...others) => {
    const longest = blocks.reduce((most, { traits }) => Math.max(most, traits.longest), 0)
    return engine.withRoomFor(longest, () => clean(dataset, blocks, ...others))
  }
  return {
    async cleanIntoFiles(dataset, blocks, target, nameOf) {
      const { files, report, target: into = target } = await cleanInTurn(dataset, blocks, target, nameOf)
      return { files, report, snapshot: into.snapshot, stagedFor: (tableOf(dataset, into) ?? into.snapshot).metadata }
    },
    cleanFileIntoFiles: (dataset, path, target) => cleanFile(dataset, path, target, options, check),
    checkRecords: async (dataset, blocks, nameOf, table) =>
      (await cleanInTurn(dataset, blocks, undefined, nameOf, table)).report,
  }
}

/** Statements over more bytes are not small, however few rows these are. */
const FEW_BYTES = 4 << 20

/** Returns about how many rows become of the blocks; undefined if it is as much work as of many. */
function rowsOf(blocks: readonly RawMessages[]): number | undefined {
  const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
  return bytes > FEW_BYTES ? undefined : blocks.reduce((sum, { count }) => sum + count, 0)
}

interface Cleaned {
  readonly files: readonly StagedFile[]
  readonly report: CleanReport
}

/**
 * Tries the cheapest way to find the suspects first; the last way finds all. A data set whose last blocks had some may
 * well have more in the next, so the first try is left out.
 */
async function cleanBlocks(work: Work, hadSuspects: WeakSet<Dataset>): Promise<Cleaned> {
  const { dataset } = work
  let cause: unknown
  for (const clean of waysToClean(work, hadSuspects.has(dataset))) {
    const { done, failure } = await orRecordError(clean)
    if (done?.cleaned) {
      if (done.hasSuspects) hadSuspects.add(dataset)
      else hadSuspects.delete(dataset)
      return done.cleaned
    }
    cause = failure
  }
  throw new MillraceError('INTERNAL', `data set ${dataset.name}: good records made too many rows or too few`, { cause })
}

type Way = () => Promise<{ readonly cleaned: Cleaned | undefined; readonly hasSuspects: boolean }>

/** Records that are columns are cleaned as such, and as lines where some need a closer look. */
function* waysToClean(work: Work, hadSuspects: boolean): Generator<Way> {
  const { read, dataset } = work
  const columns = hadSuspects ? undefined : columnsOf(dataset, read)
  if (columns) {
    yield async () => {
      const result = await cleanColumns(work, columns)
      const cleaned = result && cleanedBy(work, result, unknownColumns(columns, dataset))
      return { cleaned, hasSuspects: false }
    }
  }
  const { plain, suspect } = splitBySuspicion(read)
  for (const split of hadSuspects || columns ? [splitByIndex, splitByHalves] : [takeAll, splitByIndex, splitByHalves]) {
    yield async () => {
      const { good, suspects, failing } = await split(work, plain)
      const parts = { good, failing, suspects: concat(plain.blocks, [suspect, suspects]) }
      return { cleaned: await cleanSplit(work, parts), hasSuspects: suspects.length + failing.length > 0 }
    }
  }
}

/** Reads the suspects one by one, then writes their good rows together with those of all others. */
async function cleanSplit(work: Work, { good, suspects, failing }: Split): Promise<Cleaned | undefined> {
  const apart = concat(good.blocks, [suspects, failing])
  const looked = apart.length === 0 ? undefined : await lookCloser(work, apart, suspects.length)
  const result = await cleanTogether(work, good, looked, apart)
  if (!result) return undefined
  const { files, report } = cleanedBy(work, result, sampleUnknownFields(good, work.dataset))
  return { files, report: looked ? withSuspects(report, apart, looked, work.dataset) : report }
}

/** Returns the result, or the error that a record caused. */
async function orRecordError<T>(
  work: () => Promise<T | undefined>,
): Promise<{ readonly done?: T | undefined; readonly failure?: Error }> {
  try {
    return { done: await work() }
  } catch (error) {
    if (isAboutRecords(error)) return { failure: error }
    throw error
  }
}

/** Reports on the records that were read in one statement; the rows are those of the others too. */
function cleanedBy({ dataset }: Work, { files, counts, dropped }: FastResult, unknown: UnknownFields): Cleaned {
  const failed = dataset.expectations.map(
    ({ name }, i) => [name, (counts.failed[i] ?? 0) + (dropped.failed[i] ?? 0)] as const,
  )
  const { rows } = counts
  const { filtered } = dropped
  return { files, report: { rows, rejected: [], filtered, failed: new Map(failed), unknown, path: 'fast' } }
}

/** Adds what became of the records that were read one by one. */
function withSuspects(
  report: CleanReport,
  { block, index, length }: Selection,
  { rejected, dropped, failed, unknown }: CloserLook,
  { expectations }: Dataset,
): CleanReport {
  const filtered = [...report.filtered]
  for (const at of dropped) {
    const of = block[at] ?? 0
    filtered[of] = (filtered[of] ?? 0) + 1
  }
  const failures = expectations.map(({ name }, i) => [name, (report.failed.get(name) ?? 0) + (failed[i] ?? 0)] as const)
  return {
    ...report,
    filtered,
    failed: new Map(failures),
    rejected: inOrder(rejected.map(({ at, reason }) => ({ block: block[at] ?? 0, index: index[at] ?? 0, reason }))),
    unknown: addUnknownFields(report.unknown, unknown, length),
    path: 'one by one',
  }
}

/** Adds the messages that are not of their format, and those that hold no record. */
function withMessages(report: CleanReport, read: readonly ReadMessages[]): CleanReport {
  const rejected = read.flatMap(({ rejected }, block) => rejected.map((message) => ({ block, ...message })))
  const filtered = report.filtered.map((count, block) => count + (read[block]?.ignored?.length ?? 0))
  return {
    ...report,
    filtered,
    rejected: rejected.length === 0 ? report.rejected : inOrder([...report.rejected, ...rejected]),
  }
}

function inOrder(rejected: readonly Rejection[]): Rejection[] {
  return rejected.toSorted((a, b) => a.block - b.block || a.index - b.index)
}

async function cleanFile(
  dataset: Dataset,
  path: string,
  { snapshot, targetBytes }: FileTarget,
  { engine, workFolder, runtime }: CleanerOptions,
  check: (dataset: Dataset, connection: DuckDBConnection) => Promise<void>,
): Promise<readonly StagedFile[] | undefined> {
  const { format, keyed, metadata, expectations } = dataset
  if (!format.isJsonLines || keyed || metadata.length > 0 || expectationBits(expectations, 'drop') !== 0)
    return undefined
  const rows = cleanRows(
    dataset,
    fastRaw(dataset, linesSource(dataset, [path])),
    failedBitsOrError(dataset.expectations),
  )
  const columns = columnNames(dataset)
  const options = targetBytes === undefined ? { columns } : { columns, targetBytes }
  const connection = await engine.connect()
  try {
    await check(dataset, connection)
    const query = keptRows(dataset, rows)
    const write = () => stageRows(connection, query, snapshot, workFolder, runtime, options)
    return (await orRecordError(write)).done
  } finally {
    connection.closeSync()
  }
}

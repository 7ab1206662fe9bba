import type { DuckDBConnection } from '@duckdb/node-api'
import { type JoinedValues, MillraceError, type Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/engine'
import type { Dataset } from './dataset.ts'
import { type Examined, examine } from './examine.ts'
import { failedBits } from './expectations.ts'
import { type HandedOver, handOver, type UseRows } from './hand-over.ts'
import { type LineFiles, withLineFiles } from './line-files.ts'
import { cleanRows, emptyRaw, knownNames } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { concat, type Selection, sortByCare } from './selection.ts'
import { partByHalves, partByPlace, takeAll } from './sift.ts'
import { addUnknownFields, sampleUnknownFields, type UnknownFields } from './unknown-fields.ts'

/** A record that may not enter its table. Its bytes are still in its block. */
export interface BadRecord {
  /** Which of the blocks, and which of its values. */
  readonly block: number
  readonly index: number
  readonly reason: string
}

/** What became of the records: `rows`, `filtered` and `bad` are all of them. */
export interface Fates {
  readonly rows: number
  /** The sum of the rows' hashes modulo 2^64, whatever their order. */
  readonly hash: bigint
  readonly bad: readonly BadRecord[]
  /** For each block, how many rows an expectation dropped. */
  readonly filtered: readonly number[]
  /** How many rows each expectation failed for. */
  readonly failed: ReadonlyMap<string, number>
  readonly unknown: UnknownFields
  /** Careful where some record had to be looked at by itself. */
  readonly path: 'fast' | 'careful'
}

export interface CleanParts {
  readonly engine: DuckDB
  readonly workFolder: string
  readonly runtime: Runtime
  /** How people know a record, for an expectation that says stop. */
  readonly nameOf?: (block: number, index: number) => string
}

/**
 * Hands `use` a SELECT that gives the blocks' clean rows, valid until it settles, and says what became of
 * each record. A record is bad or good by the same rules on both paths: the fast one reads all records in
 * one go and gives up on the first doubt; the careful one finds out which of them are bad.
 */
export async function withCleanRows<T>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  parts: CleanParts,
  use: UseRows<T>,
): Promise<{ readonly result: T; readonly fates: Fates }> {
  const connection = await parts.engine.connect()
  try {
    await checkSql(dataset, connection)
    return await withLineFiles(parts, (files) => cleanBlocks({ dataset, blocks, parts, connection, files, use }))
  } finally {
    connection.closeSync()
  }
}

/** What the work is done with. */
interface Bench<T> {
  readonly dataset: Dataset
  readonly blocks: readonly JoinedValues[]
  readonly parts: CleanParts
  readonly connection: DuckDBConnection
  readonly files: LineFiles
  readonly use: UseRows<T>
}

interface Cleaned<T> {
  readonly result: T
  readonly fates: Fates
}

/** Data sets whose last blocks had records in doubt: the next may well have some, and one try less is made. */
const doubted = new WeakSet<Dataset>()

/** The cheapest way to find the records in doubt first; the last one finds all. */
async function cleanBlocks<T>(bench: Bench<T>): Promise<Cleaned<T>> {
  const { dataset, blocks, files, connection } = bench
  const { plain, careful } = sortByCare(blocks)
  let cause: unknown
  for (const part of doubted.has(dataset) ? [partByPlace, partByHalves] : [takeAll, partByPlace, partByHalves]) {
    const { good, doubtful } = await part(dataset, plain, files, connection)
    const { done, doubt } = await unlessInDoubt(() => cleanParted(bench, good, concat(blocks, [careful, doubtful])))
    if (done) {
      if (doubtful.length > 0) doubted.add(dataset)
      else doubted.delete(dataset)
      return done
    }
    cause = doubt
  }
  throw new MillraceError('INTERNAL', `data set ${dataset.name}: good records made too many rows or too few`, { cause })
}

async function cleanParted<T>(bench: Bench<T>, good: Selection, records: Selection): Promise<Cleaned<T> | undefined> {
  const { dataset, parts, connection, files, use } = bench
  const nameOf = (at: number) => {
    const [block, index] = [records.block[at] ?? 0, records.index[at] ?? 0]
    return parts.nameOf?.(block, index) ?? `record ${index} of block ${block}`
  }
  const examined = records.length === 0 ? undefined : await examine(dataset, records, connection, nameOf)
  const handed = await handOver(dataset, good, examined, files, connection, use)
  return handed && account(bench, good, handed, examined && { ...examined, records })
}

/** What the work comes to; or why some record is in doubt. */
async function unlessInDoubt<T>(
  work: () => Promise<T | undefined>,
): Promise<{ readonly done?: T | undefined; readonly doubt?: Error }> {
  try {
    return { done: await work() }
  } catch (error) {
    if (isAboutRecords(error)) return { doubt: error }
    throw error
  }
}

/** Adds up what became of the records. */
function account<T>(
  { dataset }: Bench<T>,
  good: Selection,
  { result, tally, dropped }: HandedOver<T>,
  examined?: Examined & { readonly records: Selection },
): Cleaned<T> {
  const sample = sampleUnknownFields(good, new Set(knownNames(dataset)))
  const failed = new Map(
    dataset.expectations.map(({ name }, i) => [
      name,
      (tally.failed[i] ?? 0) + (dropped.failed[i] ?? 0) + (examined?.failed[i] ?? 0),
    ]),
  )
  const { rows, hash } = tally
  const fates = { rows, hash, bad: [], filtered: dropped.filtered, failed, unknown: sample, path: 'fast' as const }
  if (!examined) return { result, fates }

  const { records, bad, unknown } = examined
  const place = (at: number) => ({ block: records.block[at] ?? 0, index: records.index[at] ?? 0 })
  const filtered = [...dropped.filtered]
  for (const at of examined.dropped) {
    const { block } = place(at)
    filtered[block] = (filtered[block] ?? 0) + 1
  }
  return {
    result,
    fates: {
      ...fates,
      filtered,
      bad: bad
        .map(({ at, reason }) => ({ ...place(at), reason }))
        .sort((a, b) => a.block - b.block || a.index - b.index),
      unknown: addUnknownFields(sample, unknown, records.length),
      path: 'careful',
    },
  }
}

const checked = new WeakSet<Dataset>()

/** SQL that does not fit its own description fails for every record, and is none's fault. */
async function checkSql(dataset: Dataset, connection: DuckDBConnection): Promise<void> {
  if (checked.has(dataset)) return
  try {
    await connection.run(cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations)))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `data set ${dataset.name}: ${message}`, { cause })
  }
  checked.add(dataset)
}

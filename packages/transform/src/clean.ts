import type { DuckDBConnection } from '@duckdb/node-api'
import { type JoinedValues, MillraceError, type Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/lake'
import type { Dataset } from './dataset.ts'
import { droppedPlaces, type Examined, examine } from './examine.ts'
import { failedBits } from './expectations.ts'
import { droppedByBlock, type HandedOver, handOver, type UseRows } from './hand-over.ts'
import { type LineFiles, withLineFiles } from './line-files.ts'
import { cleanRows, emptyRaw, knownNames } from './queries.ts'
import { isAboutRecords } from './record-errors.ts'
import { concat, type Selection, selectAll, sortByCare } from './selection.ts'
import { sift } from './sift.ts'
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
export async function withCleanRows<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  parts: CleanParts,
  use: UseRows<T>,
): Promise<{ readonly result: T; readonly fates: Fates }> {
  const connection = await parts.engine.connect()
  try {
    await checkSql(dataset, connection)
    const plain = !blocks.some(({ careful }) => careful)
    return await withLineFiles(parts, async (files) => {
      const bench: Bench<T> = { dataset, blocks, parts, connection, files, use }
      return (plain ? await cleanFast(bench) : undefined) ?? (await cleanCarefully(bench, plain))
    })
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

async function cleanFast<T extends { readonly rows: bigint }>(bench: Bench<T>): Promise<Cleaned<T> | undefined> {
  const all = selectAll(bench.blocks)
  try {
    const handed = await handOver(bench.dataset, all, undefined, bench.files, bench.connection, bench.use)
    return handed && (await account(bench, all, handed))
  } catch (error) {
    if (isAboutRecords(error)) return undefined
    throw error
  }
}

async function cleanCarefully<T extends { readonly rows: bigint }>(
  bench: Bench<T>,
  knownBad: boolean,
): Promise<Cleaned<T>> {
  const { dataset, blocks, parts, connection, files, use } = bench
  const { plain, careful } = sortByCare(blocks)
  const { good, doubtful } = await sift(dataset, plain, files, connection, knownBad)
  const records = concat(blocks, [careful, doubtful])
  const place = (at: number) => ({ block: records.block[at] ?? 0, index: records.index[at] ?? 0 })
  const nameOf = (at: number) => {
    const { block, index } = place(at)
    return parts.nameOf?.(block, index) ?? `record ${index} of block ${block}`
  }
  const examined = await examine(dataset, records, connection, nameOf)
  const handed = await handOver(dataset, good, examined, files, connection, use)
  if (!handed)
    throw new MillraceError('INTERNAL', `data set ${dataset.name}: good records made too many rows or too few`)
  return account(bench, good, handed, { ...examined, records })
}

/** Adds up what became of the records. */
async function account<T>(
  { dataset, blocks, connection, files }: Bench<T>,
  good: Selection,
  { result, rows, dropped, hash, failed }: HandedOver<T>,
  examined?: Examined & { readonly records: Selection },
): Promise<Cleaned<T>> {
  const filtered = dropped === 0 ? blocks.map(() => 0) : await droppedByBlock(dataset, good, files, connection)
  const sample = sampleUnknownFields(good, new Set(knownNames(dataset)))
  const fates = { rows, hash, bad: [], filtered, unknown: sample, path: 'fast' as const }
  const failures = (more: readonly number[]) =>
    new Map(dataset.expectations.map(({ name }, i) => [name, (failed[i] ?? 0) + (more[i] ?? 0)]))
  if (!examined) return { result, fates: { ...fates, failed: failures([]) } }

  const { records, bad, unknown } = examined
  const place = (at: number) => ({ block: records.block[at] ?? 0, index: records.index[at] ?? 0 })
  for (const at of await droppedPlaces(dataset, examined, connection)) {
    const { block } = place(at)
    filtered[block] = (filtered[block] ?? 0) + 1
  }
  return {
    result,
    fates: {
      ...fates,
      bad: bad
        .map(({ at, reason }) => ({ ...place(at), reason }))
        .sort((a, b) => a.block - b.block || a.index - b.index),
      failed: failures(examined.failed),
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

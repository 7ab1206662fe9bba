import { fileURLToPath } from 'node:url'
import type { DuckDBConnection } from '@duckdb/node-api'
import { valueAt } from '@millrace/base'
import { duckdbType, rowRefusal, type Scan, type Snapshot, type StagedFile, stageRows, withScan } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { jsonFormat } from '@millrace/formats'
import type { ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import { blocksOf } from '../input/converted.ts'
import type { RawBlock } from '../input/raw-blocks.ts'
import { unpackBlock } from '../input/unpack.ts'
import type { RawObject } from '../manifest.ts'
import type { RunParts } from '../parts.ts'
import type { Rejected } from './rejected.ts'

/** Input of a table: raw records to clean, or clean rows. */
export type Portions =
  | { readonly kind: 'raw'; readonly store: ObjectStore; readonly objects: readonly RawObject[] }
  | { readonly kind: 'clean'; readonly scans: readonly Scan[] }

/** Reports after each portion how many records have been read so far. */
export type OnRecords = (records: number) => void

export interface StagingParts extends RunParts {
  readonly dataset: Dataset
  /** Snapshot of the table whose columns the files get. */
  readonly snapshot: Snapshot
  readonly connection: DuckDBConnection
  readonly rejected: Rejected
  readonly onRecords: OnRecords
}

/** Clean rows of the input in local files. */
export interface Staged {
  readonly files: readonly StagedFile[]
  readonly records: number
  readonly filtered: number
  readonly rejectedObjects: readonly RawObject[]
}

/** Approximate maximum size of a file. */
const FILE_BYTES = 128 << 20

export async function stagePortions(portions: Portions, parts: StagingParts): Promise<Staged> {
  return portions.kind === 'clean'
    ? stageScans(portions.scans, parts)
    : stageRaw(portions.store, portions.objects, parts)
}

async function stageScans(scans: readonly Scan[], parts: StagingParts): Promise<Staged> {
  const files: StagedFile[] = []
  for (const scan of scans) {
    const stageScan = (query: string) => stageTaken(withAllColumns(query, scan, parts.dataset), parts)
    files.push(...(await withScan(scan, parts.connection, stageScan)))
    parts.onRecords(rowsOf(files))
  }
  return { files, records: rowsOf(files), filtered: 0, rejectedObjects: [] }
}

/** Returns the fields of a schema that are not among the columns. */
export function lackingFields(columns: Scan['columns'], { fields }: Dataset['schema']): Dataset['schema']['fields'] {
  const has = new Set(columns.map(({ name }) => name.toLowerCase()))
  return fields.filter(({ name }) => !has.has(name.toLowerCase()))
}

/** Returns a SELECT of the rows with NULL in the columns that the table did not have yet at the version that is read. */
function withAllColumns(query: string, { columns }: Scan, { schema }: Dataset): string {
  const lacking = lackingFields(columns, schema)
  if (lacking.length === 0) return query
  const nulls = lacking.map(({ name, type }) => `NULL::${duckdbType(type)} AS ${quoteName(name)}`)
  return `SELECT *, ${nulls.join(', ')} FROM (${query})`
}

/** Stages the clean rows that the table takes. The others are rejected, with their rows in place of their records, which are not here. */
async function stageTaken(query: string, parts: StagingParts): Promise<StagedFile[]> {
  const { connection, rejected, snapshot, dataset } = parts
  const refusal = rowRefusal(snapshot.metadata, columnsOf(dataset))
  if (refusal === undefined) return stage(query, connection, parts)
  const refused = await connection.runAndReadAll(
    `SELECT CAST(to_json(rows) AS VARCHAR), ${refusal} AS reason FROM (${query}) AS rows WHERE reason IS NOT NULL`,
  )
  await rejected.add(
    refused.getRows().map(([json, reason]) => {
      return { object: null, place: null, reason: String(reason), value: Buffer.from(String(json)) }
    }),
  )
  return stage(`SELECT * FROM (${query}) WHERE (${refusal}) IS NULL`, connection, parts)
}

function columnsOf({ schema }: Dataset): string[] {
  return schema.fields.map(({ name }) => name)
}

/** Stages raw objects. DuckDB reads large local files directly, unless a record in them must be checked one by one. */
async function stageRaw(store: ObjectStore, objects: readonly RawObject[], parts: StagingParts): Promise<Staged> {
  const { cleaner, dataset } = parts
  const target = { snapshot: parts.snapshot, targetBytes: FILE_BYTES }
  const direct = objects.filter((object) => directPath(store, object) !== undefined)
  const files: StagedFile[] = []
  const others = objects.filter((object) => !direct.includes(object))
  for (const object of direct) {
    const read = await cleaner.cleanFileIntoFiles(dataset, String(directPath(store, object)), target)
    if (read) files.push(...read)
    else others.push(object)
    parts.onRecords(rowsOf(files))
  }
  const read = rowsOf(files)
  const staged = await stageBlocks(blocksOf(store, others, parts), read, parts)
  return { ...staged, files: [...files, ...staged.files], records: staged.records + read }
}

/** Below this size, opening a file in DuckDB costs more than passing its bytes. */
const LARGE = 1 << 20

/** Returns the local path of the object if DuckDB can read it directly. */
function directPath(store: ObjectStore, { key, size }: RawObject): string | undefined {
  if (!store.url.startsWith('file:') || size < LARGE || !/\.(jsonl|ndjson|json)$/i.test(key)) return undefined
  const path = `${fileURLToPath(store.url)}/${key}`
  return /[*?[]/.test(path) ? undefined : path
}

async function stageBlocks(blocks: AsyncIterable<RawBlock>, before: number, parts: StagingParts): Promise<Staged> {
  const files: StagedFile[] = []
  const rejectedObjects: RawObject[] = []
  let [records, filtered] = [0, 0]
  for await (const block of blocks) {
    for (const part of unpackBlock(block, parts.dataset.format)) {
      const cleaned = await stageBlock(part, parts)
      files.push(...cleaned.files)
      filtered += cleaned.filtered
      records += part.values.count
      parts.onRecords(before + records)
    }
    rejectedObjects.push(...block.rejected.map(({ object }) => object))
  }
  return { files, records, filtered, rejectedObjects }
}

async function stageBlock({ values, placeOf, rejected, converted }: RawBlock, parts: StagingParts) {
  const { rejected: rejectedInputs, cleaner, snapshot } = parts
  const dataset = converted ? { ...parts.dataset, format: jsonFormat } : parts.dataset
  const nameOf = (_: number, index: number) => {
    const { object, place, within } = placeOf(index)
    return `${object}, record ${place}${within === undefined ? '' : `[${within}]`}`
  }
  const target = { snapshot, targetBytes: FILE_BYTES }
  const { files, report } = await cleaner.cleanIntoFiles(dataset, [values], target, nameOf)
  await rejectedInputs.add(
    rejected.map(({ object, reason }) => ({ object: object.key, place: null, reason, value: null })),
  )
  await rejectedInputs.add(
    report.rejected.map(({ index, reason }) => ({ ...placeOf(index), reason, value: valueAt(values, index) })),
  )
  return { files, filtered: report.filtered.reduce((sum, count) => sum + count, 0) }
}

export function stage(
  query: string,
  connection: DuckDBConnection,
  { dataset, snapshot, workFolder, runtime }: StagingParts,
): Promise<StagedFile[]> {
  const options = { columns: columnsOf(dataset), targetBytes: FILE_BYTES }
  return stageRows(connection, query, snapshot, workFolder, runtime, options)
}

export function rowsOf(files: readonly StagedFile[]): number {
  return Number(files.reduce((sum, { rows }) => sum + rows, 0n))
}

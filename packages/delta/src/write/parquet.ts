import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection, Json } from '@duckdb/node-api'
import { MillraceError, type Runtime } from '@millrace/base'
import { copyBeside, quoteName, quoteText } from '@millrace/engine'
import type { AddFile, Metadata } from '../log/actions.ts'
import { sortColumns } from '../log/layout.ts'
import { type StructType, schemaOf } from '../log/schema.ts'
import { layered } from '../read/layers.ts'
import { footerOf } from '../read/parquet/file.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { begunAt, instantOf } from './age.ts'
import { logPath, partitionNames } from './partitions.ts'
import { fitted } from './rules/lengths.ts'
import { explainRefusal, movedValue, onlyTaken, rowRefusal, storedValue } from './rules/row-rules.ts'
import type { StagedFile } from './staged.ts'
import { deltaStats, indexedLeaves, type Leaf, leafName, type WrittenFile, writtenFile } from './stats.ts'

/** The parts of a table that determine how its files are written. */
export type StageTarget = Pick<Snapshot, 'metadata' | 'files'>

export interface StageOptions {
  /** The columns that the query has, where it lacks some of the table's: those become null. */
  readonly columns?: readonly string[]
  /** Starts another file when one has grown to this. A table with partitions gets one file for each. */
  readonly targetBytes?: number
  /** About how many there will be, where that is known. */
  readonly rows?: number
  /** False when the rows only move from file to file. */
  readonly dataChange?: boolean
  /** Whether the files stay on this computer, to be read once or twice and deleted. */
  readonly scratch?: boolean
}

/**
 * A row group's size is what it may hold in memory, and each thread holds one while it writes. Fresh rows are written
 * beside a worker's other work: groups of twice the size take a third more memory and save no time and few bytes, and
 * zstd's own level 3 takes a fifth more CPU for 4 % fewer bytes.
 */
const FRESH = "COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE_BYTES '8MB'"
/** Rows that only move are written to stay, for readers who want few large groups. */
const MOVED = "COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE_BYTES '32MB'"
/** For files that are soon deleted: dictionaries and good compression take longer than they save. */
const SCRATCH = "COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE_BYTES '8MB'"

/**
 * The query's rows in files of their own in `folder`, as the table's schema has them, cut by its partitions.
 * No file where there are no rows.
 */
export async function stageRows(
  connection: DuckDBConnection,
  query: string,
  { metadata, files }: StageTarget,
  folder: string,
  runtime: Runtime,
  options: StageOptions = {},
): Promise<StagedFile[]> {
  const started = instantOf(runtime)
  const name = `part-${runtime.uuid()}`
  const layout = layoutOf(name, metadata, options)
  const target = join(folder, layout ? name : `${name}.zstd.parquet`)
  await mkdir(folder, { recursive: true })
  const writing = [
    options.scratch ? SCRATCH : options.dataChange === false ? MOVED : FRESH,
    ...(layout ?? ['USE_TMP_FILE false']),
  ]
  const rows = await copy(connection, select(query, metadata, options), target, writing, options.rows).catch(
    (cause) => {
      throw metadata.partitionColumns.length > 0 && OUT_OF_MEMORY.test(cause)
        ? tooManyPartitions(metadata, cause)
        : cause
    },
  )
  // The engine cuts the rows of a partition into several files where there are many.
  if (new Set(rows.map((row) => JSON.stringify(row.partition_keys))).size > MOST_PARTITIONS_AT_ONCE) {
    await rm(target, { recursive: true, force: true })
    throw tooManyPartitions(metadata)
  }
  const leaves = indexedLeaves(metadata)
  const namesOf = partitionNames(metadata, schemaOf(metadata), () => files.values())
  const staged: StagedFile[] = []
  for (const row of rows) {
    const file = writtenFile(row)
    if (file.rows === 0n) continue
    const partition = namesOf(file.partition)
    const unbounded = await unboundedLeaves(file, leaves)
    staged.push({
      localPath: file.path,
      ...(layout ? { folder: target } : {}),
      rows: file.rows,
      add: begunAt(
        {
          path: logPath(
            join(partition.folder, layout ? `${name}-${staged.length}.zstd.parquet` : `${name}.zstd.parquet`),
          ),
          partitionValues: partition.values,
          size: file.size,
          modificationTime: runtime.now(),
          dataChange: options.dataChange ?? true,
          stats: deltaStats(file, leaves, unbounded),
        },
        started,
      ),
    })
  }
  if (staged.length === 0) await rm(target, { recursive: true, force: true })
  return staged
}

/** Writes one file of a table without partitions; there must be rows. */
export async function stageParquet(
  connection: DuckDBConnection,
  query: string,
  schema: StructType,
  folder: string,
  runtime: Runtime,
): Promise<StagedFile> {
  const metadata = {
    id: '',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: [],
    configuration: {},
  }
  const target = { metadata, files: layered<AddFile>(new Map()) }
  const [file] = await stageRows(connection, query, target, folder, runtime)
  if (!file) throw new MillraceError('INTERNAL', 'DuckDB wrote no Parquet file')
  return file
}

/** How the rows are spread over several files in a folder; undefined: one file it is. */
function layoutOf(name: string, { partitionColumns }: Metadata, { targetBytes }: StageOptions): string[] | undefined {
  const pattern = `FILENAME_PATTERN ${quoteText(`${name}-{i}.zstd`)}`
  if (partitionColumns.length > 0) return [pattern, `PARTITION_BY (${partitionColumns.map(quoteName).join(', ')})`]
  return targetBytes === undefined ? undefined : [pattern, `FILE_SIZE_BYTES ${targetBytes}`]
}

/** Maximum number of partitions that get files in one commit: each is opened by itself, and holds memory until all are written. */
const MOST_PARTITIONS_AT_ONCE = 5_000

const OUT_OF_MEMORY = /Out of Memory Error/

function tooManyPartitions({ partitionColumns }: Metadata, cause?: unknown): MillraceError {
  return new MillraceError(
    'TABLE_SCHEMA',
    `rows of one commit are in more than ${MOST_PARTITIONS_AT_ONCE} partitions, or in more than memory is there for: (${partitionColumns.join(', ')}) has too many values`,
    { cause, next: 'Partition the table by something with fewer values, such as the day of a time.' },
  )
}

async function copy(
  connection: DuckDBConnection,
  query: string,
  target: string,
  writing: readonly string[],
  rows: number | undefined,
): Promise<Record<string, Json>[]> {
  const options = ['FORMAT parquet', 'RETURN_STATS', ...writing]
  try {
    const result = await copyBeside(connection, query, target, options, rows)
    return result.getRowObjectsJson()
  } catch (cause) {
    await rm(target, { recursive: true, force: true })
    throw explainRefusal(cause)
  }
}

/** Rows that only move keep their values, whatever the table asks of new ones. */
function select(query: string, metadata: Metadata, { columns, dataChange = true }: StageOptions): string {
  const values = schemaOf(metadata).fields.map((field) => {
    const value = dataChange ? storedValue(field, metadata, columns) : movedValue(field, metadata)
    return `${dataChange ? fitted(field, value) : value} AS ${quoteName(field.name)}`
  })
  const rows = dataChange ? onlyTaken(query, rowRefusal(metadata, columns)) : query
  // Compaction reads one partition at a time. Of mixed rows the engine would close files and begin others again and again.
  const partitions = dataChange ? metadata.partitionColumns : []
  const order = [...partitions, ...sortColumns(metadata)].map(quoteName).join(', ')
  return `SELECT ${values.join(', ')} FROM (${rows})${order === '' ? '' : ` ORDER BY ${order}`}`
}

/**
 * Leaves of which some row group holds a NaN, so that the writer's smallest and largest value bound nothing.
 * RETURN_STATS has only the last row group; the file's own footer has each. It is read without the engine, for which it
 * is a statement more in each commit.
 */
async function unboundedLeaves(file: WrittenFile, leaves: readonly Leaf[]): Promise<ReadonlySet<string>> {
  const floating = leaves.filter(({ type }) => type === 'float' || type === 'double')
  if (floating.length === 0 || file.rows < 2n) return new Set()
  const groups = await rowGroupsOf(file)
  if (groups.length < 2) return new Set()
  const unbounded = new Set<string>()
  for (const { meta_data: column } of groups.flatMap(({ columns }) => columns)) {
    const { min, min_value: least = min, null_count: nulls = 0n } = column?.statistics ?? {}
    if (column && least === undefined && nulls < column.num_values) unbounded.add(pathKey(column.path_in_schema))
  }
  return new Set(floating.filter(({ path }) => unbounded.has(pathKey(path))).map(leafName))
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path)
}

async function rowGroupsOf({ path, size }: WrittenFile) {
  await using file = await open(path)
  const bytes = async (position: number, length: number) => {
    const { buffer } = await file.read(Buffer.alloc(length), { position })
    return buffer
  }
  return (await footerOf(size, bytes)).row_groups
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { type AddFile, planScan, quoteName, quoteText, type Snapshot, type StagedFile, withScan } from '@millrace/lake'
import type { Dataset } from '@millrace/transform'

/** What of the staged rows is to stay: files as they are, and the rows of others that nobody has yet. */
export interface Sifted {
  readonly duplicates: number
  /** Rows whose time has not come yet, as JSON. */
  readonly future: readonly string[]
  readonly whole: readonly StagedFile[]
  /** A SELECT of what is left of the other files; undefined: nothing. */
  readonly left: string | undefined
}

/**
 * Rows are known by two hashes of all their columns, the columns taken forwards and backwards: 128 bits, so
 * that a table's rows can be kept in mind without what is in them.
 */
export function rowKeys(dataset: Dataset): { readonly h1: string; readonly h2: string } {
  const names = columnNames(dataset)
  return { h1: `hash(${names.join(', ')})`, h2: `hash(${names.toReversed().join(', ')})` }
}

/** Finds the rows that came twice, that `files` of the table hold already, or that are later than `latest`. */
export async function siftRows(
  dataset: Dataset,
  staged: readonly StagedFile[],
  there: { readonly snapshot: Snapshot; readonly files: readonly AddFile[] },
  latest: number,
  connection: DuckDBConnection,
): Promise<Sifted> {
  if (staged.length === 0) return { duplicates: 0, future: [], whole: [], left: undefined }
  const { h1, h2 } = rowKeys(dataset)
  const all = readFiles(staged)
  await rememberRows(dataset, there, connection)
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE held_back AS
    SELECT file, place, future FROM (
      SELECT file, place, future, h1, h2, row_number() OVER (PARTITION BY h1, h2 ORDER BY file, place) AS nth FROM (
        SELECT file_index AS file, file_row_number AS place, ${isFuture(dataset, latest)} AS future, ${h1} AS h1, ${h2} AS h2
        FROM ${all}
      )
    ) AS row WHERE future OR nth > 1 OR EXISTS (FROM known WHERE known.h1 = row.h1 AND known.h2 = row.h2)`)
  const held = await rowsOf(connection, 'SELECT file, count(*) FROM held_back GROUP BY file')
  const heldOf = new Map(held.map(([file, count]) => [Number(file), BigInt(String(count))]))
  const total = await rowsOf(
    connection,
    'SELECT count(*) FILTER (WHERE NOT future), count(*) FILTER (WHERE future) FROM held_back',
  )
  const future = Number(total[0]?.[1]) === 0 ? [] : await futureRows(dataset, all, connection)
  const partly = staged.some((file, i) => heldOf.has(i) && heldOf.get(i) !== file.rows)
  return {
    duplicates: Number(total[0]?.[0]),
    future,
    whole: staged.filter((_, i) => !heldOf.has(i)),
    left: partly ? leftRows(dataset, staged, heldOf) : undefined,
  }
}

/** By the files' statistics: whether a moment in them may be after `latest`. They are exact to a millisecond. */
export function mayBeLater({ schema }: Dataset, staged: readonly StagedFile[], latest: number): boolean {
  const moments = schema.fields.filter(({ type }) => type === 'timestamp').map(({ name }) => name)
  return staged.some(({ add }) => {
    const { maxValues = {}, nullCount = {}, numRecords } = JSON.parse(add.stats ?? '{}')
    return moments.some((name) => nullCount[name] !== numRecords && !(Date.parse(maxValues[name]) < latest))
  })
}

/** The keys of the rows that are in the table already. */
async function rememberRows(
  dataset: Dataset,
  { snapshot, files }: { readonly snapshot: Snapshot; readonly files: readonly AddFile[] },
  connection: DuckDBConnection,
): Promise<void> {
  await connection.run('CREATE OR REPLACE TEMP TABLE known (h1 UBIGINT, h2 UBIGINT)')
  if (files.length === 0) return
  const { h1, h2 } = rowKeys(dataset)
  await withScan({ ...planScan(snapshot), files }, connection, (rows) =>
    connection.run(`INSERT INTO known SELECT ${h1}, ${h2} FROM (${rows})`),
  )
}

async function futureRows(dataset: Dataset, all: string, connection: DuckDBConnection): Promise<string[]> {
  const rows = await rowsOf(
    connection,
    `SELECT to_json(row) FROM (SELECT ${columnNames(dataset).join(', ')} FROM ${all} AS r
      SEMI JOIN held_back ON future AND file = r.file_index AND place = r.file_row_number) AS row`,
  )
  return rows.map(([json]) => String(json))
}

function leftRows(dataset: Dataset, staged: readonly StagedFile[], heldOf: ReadonlyMap<number, bigint>): string {
  const wanted = [...heldOf].filter(([file, count]) => count !== staged[file]?.rows).map(([file]) => file)
  return `SELECT ${columnNames(dataset).join(', ')} FROM ${readFiles(staged)} AS r
    ANTI JOIN held_back ON file = r.file_index AND place = r.file_row_number
    WHERE r.file_index IN (${wanted.join(', ')})`
}

function readFiles(staged: readonly StagedFile[]): string {
  const paths = staged.map(({ localPath }) => quoteText(localPath))
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`
}

/** SQL for whether a moment of the row is yet to come. */
function isFuture({ schema }: Dataset, latest: number): string {
  const moments = schema.fields.filter(({ type }) => type === 'timestamp').map(({ name }) => quoteName(name))
  if (moments.length === 0) return 'false'
  return `coalesce(greatest(${moments.join(', ')}) > epoch_ms(${latest})::TIMESTAMP AT TIME ZONE 'UTC', false)`
}

function columnNames({ schema }: Dataset): string[] {
  return schema.fields.map(({ name }) => quoteName(name))
}

async function rowsOf(connection: DuckDBConnection, query: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(query)).getRows()
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { type AddFile, duckdbType, planScan, type Snapshot, type StagedFile, withScan } from '@millrace/delta'
import { quoteName, quoteText, runBeside } from '@millrace/engine'
import type { Dataset } from '@millrace/transform'

/** Staged rows without duplicates and future rows. */
export interface KeptRows {
  readonly duplicates: number
  /** Rows with a time in the future, as JSON. */
  readonly future: readonly string[]
  /** Files of which every row stays. */
  readonly whole: readonly StagedFile[]
  /** SELECT of the rows that stay of the other files, or undefined if there are none. */
  readonly left: string | undefined
}

/** Drops the rows that came twice or that are in the table already, and those with a time after `latest`. */
export async function keepNewRows(
  dataset: Dataset,
  staged: readonly StagedFile[],
  existing: Rows,
  latest: number,
  connection: DuckDBConnection,
): Promise<KeptRows> {
  if (staged.length === 0) return { duplicates: 0, future: [], whole: [], left: undefined }
  const all = readFiles(staged, dataset, existing.snapshot)
  const candidates = await findCandidates(dataset, all, existing, connection)
  const isLaterPossible = mayBeLater(dataset, staged, latest)
  if (candidates === 0 && !isLaterPossible) {
    return { duplicates: 0, future: [], whole: staged, left: undefined }
  }
  const near = isLaterPossible ? all : await nearCandidates(dataset, all, connection)
  await holdBack(dataset, near, existing, latest, connection)
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
    left: partly ? leftRows(dataset, staged, all, heldOf) : undefined,
  }
}

interface Rows {
  readonly snapshot: Snapshot
  readonly files: readonly AddFile[]
}

/**
 * Creates the table `candidates` with the hashes of numbers and times that occur more than once, and returns how many
 * there are. Equal rows have equal numbers and times, which are cheap to read. Most runs have no candidates.
 */
async function findCandidates(
  dataset: Dataset,
  all: string,
  existing: Rows,
  connection: DuckDBConnection,
): Promise<number> {
  const brief = briefHash(dataset)
  await connection.run('CREATE OR REPLACE TEMP TABLE briefs (brief UBIGINT)')
  await withRows(existing, connection, (rows) => `INSERT INTO briefs SELECT ${brief} FROM (${rows})`)
  await runBeside(
    connection,
    `CREATE OR REPLACE TEMP TABLE candidates AS SELECT brief FROM (FROM briefs UNION ALL SELECT ${brief} FROM ${all})
     GROUP BY brief HAVING count(*) > 1`,
  )
  await connection.run('DROP TABLE briefs')
  return Number((await rowsOf(connection, 'SELECT count(*) FROM candidates'))[0]?.[0])
}

function briefHash({ schema }: Dataset): string {
  const short = shortNames(schema)
  return `hash(${(short.length > 0 ? short : schema.fields.map(({ name }) => quoteName(name))).join(', ')})`
}

/** Returns the columns of numbers and times. */
function shortNames({ fields }: Dataset['schema']): string[] {
  const short = fields.filter(({ type }) => typeof type === 'string' && type !== 'string' && type !== 'binary')
  return short.map(({ name }) => quoteName(name))
}

/**
 * Returns what to select the candidates, and some others, from. The engine skips what a join on a column of the files
 * leaves out before it reads the other columns, but not what a condition on a hash does.
 */
async function nearCandidates(dataset: Dataset, all: string, connection: DuckDBConnection) {
  const [first] = shortNames(dataset.schema)
  if (first === undefined) return all
  await runBeside(
    connection,
    `CREATE OR REPLACE TEMP TABLE near AS
     SELECT DISTINCT ${first} AS value FROM ${all} WHERE ${briefHash(dataset)} IN (FROM candidates)`,
  )
  const nulls = await rowsOf(connection, 'SELECT count(*) FROM near WHERE value IS NULL')
  return Number(nulls[0]?.[0]) === 0 ? `${all} AS staged SEMI JOIN near ON near.value = staged.${first}` : all
}

/**
 * Creates the table `held_back` with the rows that do not stay. Two 64-bit hashes of all columns, in both orders,
 * identify a row.
 */
async function holdBack(
  dataset: Dataset,
  rows: string,
  existing: Rows,
  latest: number,
  connection: DuckDBConnection,
): Promise<void> {
  const names = columnNames(dataset)
  const keys = `hash(${names.join(', ')}) AS h1, hash(${names.toReversed().join(', ')}) AS h2`
  const isCandidate = `${briefHash(dataset)} IN (FROM candidates)`
  await connection.run('CREATE OR REPLACE TEMP TABLE known (h1 UBIGINT, h2 UBIGINT)')
  await withRows(existing, connection, (rows) => `INSERT INTO known SELECT ${keys} FROM (${rows}) WHERE ${isCandidate}`)
  await runBeside(
    connection,
    `CREATE OR REPLACE TEMP TABLE held_back AS
     SELECT file, place, future FROM (
       SELECT file, place, future, h1, h2, row_number() OVER (PARTITION BY h1, h2 ORDER BY file, place) AS nth FROM (
         SELECT file_index AS file, file_row_number AS place, ${isFuture(dataset, latest)} AS future, ${keys}
         FROM ${rows} WHERE ${isCandidate} OR ${isFuture(dataset, latest)}
       )
     ) AS row WHERE future OR nth > 1 OR EXISTS (FROM known WHERE known.h1 = row.h1 AND known.h2 = row.h2)`,
  )
}

async function withRows(
  { snapshot, files }: Rows,
  connection: DuckDBConnection,
  statement: (rows: string) => string,
): Promise<void> {
  if (files.length === 0) return
  await withScan({ ...planScan(snapshot), files }, connection, (rows) => runBeside(connection, statement(rows)))
}

/** Returns whether a file may hold a time after `latest`, by its statistics. They are exact to a millisecond. */
function mayBeLater({ schema }: Dataset, staged: readonly StagedFile[], latest: number): boolean {
  const moments = schema.fields.filter(({ type }) => type === 'timestamp').map(({ name }) => name)
  return staged.some(({ add }) => {
    const { maxValues = {}, nullCount = {}, numRecords } = JSON.parse(add.stats ?? '{}')
    return moments.some((name) => nullCount[name] !== numRecords && !(Date.parse(maxValues[name]) < latest))
  })
}

async function futureRows(dataset: Dataset, all: string, connection: DuckDBConnection): Promise<string[]> {
  const rows = await rowsOf(
    connection,
    `SELECT to_json(row) FROM (SELECT ${columnNames(dataset).join(', ')} FROM ${all} AS r
      SEMI JOIN held_back AS h ON h.future AND h.file = r.file_index AND h.place = r.file_row_number) AS row`,
  )
  return rows.map(([json]) => String(json))
}

function leftRows(
  dataset: Dataset,
  staged: readonly StagedFile[],
  all: string,
  heldOf: ReadonlyMap<number, bigint>,
): string {
  const wanted = [...heldOf].filter(([file, count]) => count !== staged[file]?.rows).map(([file]) => file)
  return `SELECT ${columnNames(dataset).join(', ')} FROM ${all} AS r
    ANTI JOIN held_back AS h ON h.file = r.file_index AND h.place = r.file_row_number
    WHERE r.file_index IN (${wanted.join(', ')})`
}

/** Returns SQL for the rows of the files, with `file_index` and `file_row_number`. What a table is partitioned by is not in its files. */
function readFiles(staged: readonly StagedFile[], { schema }: Dataset, { metadata }: Snapshot): string {
  const paths = staged.map(({ localPath }) => quoteText(localPath))
  const files = `read_parquet([${paths.join(', ')}], hive_partitioning = false)`
  const partitions = schema.fields.filter(({ name }) => metadata.partitionColumns.includes(name))
  if (partitions.length === 0) return files
  const values = partitions.map(({ name, type }) => {
    const texts = staged.map(({ add }) => add.partitionValues[name]).map((text) => (text ? quoteText(text) : 'NULL'))
    return `CAST(([${texts.join(', ')}]::VARCHAR[])[file_index::BIGINT + 1] AS ${duckdbType(type)}) AS ${quoteName(name)}`
  })
  return `(SELECT *, file_index, file_row_number, ${values.join(', ')} FROM ${files})`
}

/** Returns SQL that tests whether a time in the row is after `latest`. */
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

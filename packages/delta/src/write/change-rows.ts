import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { tableUrl } from '../log/log.ts'
import { property } from '../log/properties.ts'
import { FILE, planScan, ROW } from '../read/plan.ts'
import type { Predicate } from '../read/predicate.ts'
import { mayHold } from '../read/prune.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { commit, committedOrThrow } from './commit.ts'
import { commitAnew, PASSING_CONFLICTS } from './commit-anew.ts'
import type { WriteContext } from './context.ts'
import { type RowEdits, type WrittenEdits, writeEdits } from './edits.ts'
import { filesWithKeys } from './files-with-keys.ts'
import { explainRefusal, onlyTaken, rowRefusal } from './rules/row-rules.ts'
import { refuseRemoval, refuseUnwritable } from './writable.ts'

/** The view of the table's rows that the SQL of a statement selects from; it has FILE and ROW besides. */
export const TARGET = 'millrace_target'

/** The column that says what becomes of a row. */
export const ACTION = 'millrace_action'

export type RowAction = 'delete' | 'update' | 'insert'

/** What a statement makes of a table, planned for one snapshot of it. */
export interface RowStatement {
  readonly operation: 'DELETE' | 'UPDATE' | 'MERGE' | 'WRITE'
  /** For the table's history. */
  readonly parameters: Readonly<Record<string, string>>
  /** The rows of the table that it may read; undefined if it reads none. */
  readonly reads: RowsRead | undefined
  /** What it may do. */
  readonly actions: readonly RowAction[]
  /** The table's columns that `sql` has. The others become NULL. */
  readonly columns: readonly string[]
  /** Selects ACTION, FILE, ROW (of rows that are there) and the columns (of rows that come). */
  readonly sql: string
}

export interface RowsRead {
  /** All rows where it is undefined. */
  readonly where: Predicate | undefined
  /** Selects the values that some columns of such a row have, by the columns' names. */
  readonly keys?: { readonly columns: readonly string[]; readonly sql: string }
}

export interface Changed {
  readonly deleted: number
  readonly updated: number
  readonly inserted: number
  /** Files that were read, and those whose rows changed. */
  readonly filesRead: number
  readonly filesChanged: number
  /** Undefined for a dry run. */
  readonly version: number | undefined
}

/**
 * Carries out a statement as one commit. If another writer has changed rows that it read, it is planned again for the
 * newest state. A dry run finds everything and writes nothing into the table. A statement that changes no row makes no
 * commit. Progress that the table carries stays as it is.
 */
export async function changeRows(
  base: Snapshot,
  make: (snapshot: Snapshot) => Promise<RowStatement>,
  context: WriteContext,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Changed> {
  await mkdir(context.folder, { recursive: true })
  const attempt = async (snapshot: Snapshot) => {
    refuseUnwritable(snapshot)
    const statement = await make(snapshot)
    if (statement.actions.some((action) => action !== 'insert')) refuseRemoval(snapshot)
    const path = join(context.folder, `${context.runtime.uuid()}.parquet`)
    try {
      const { edits, ...counts } = await findChanges(snapshot, statement, path, context.connection)
      const nothing = counts.deleted + counts.updated + counts.inserted === 0
      if (dryRun || nothing) return { counts, version: dryRun ? undefined : snapshot.version }
      const written = await writeEdits(snapshot, edits, context)
      const result = await commit(snapshot, transactionOf(statement, written, snapshot), context.runtime)
      return { counts, result }
    } finally {
      await rm(path, { force: true })
    }
  }
  const { counts, result, version } = await commitAnew(base, attempt, PASSING_CONFLICTS)
  return { ...counts, version: result ? committedOrThrow(result).version : version }
}

/** Temporary table of the rows that go. */
const GONE = 'millrace_gone'

type Counts = Omit<Changed, 'version'>

async function findChanges(
  snapshot: Snapshot,
  statement: RowStatement,
  path: string,
  connection: DuckDBConnection,
): Promise<Counts & { readonly edits: RowEdits }> {
  const { columns, sql } = statement
  const files = await filesRead(snapshot, statement, connection)
  const taken = onlyTaken(sql, refusalOf(snapshot, statement))
  const scan = { ...planScan(snapshot), files, positions: true }
  await withScan(scan, connection, async (rows) => {
    await connection.run(`CREATE OR REPLACE TEMP VIEW ${TARGET} AS ${rows}`)
    // Files are written in groups, each with its own rows of this one.
    const order = files.length > 1 ? ` ORDER BY ${FILE}` : ''
    const copy = `COPY (SELECT * FROM (${taken}\n)${order}) TO ${quoteText(path)} (FORMAT parquet)`
    await connection.run(copy).catch((error: unknown) => {
      throw explainRefusal(error)
    })
    await connection.run(`DROP VIEW ${TARGET}`)
  })
  const found = `read_parquet(${quoteText(path)}, hive_partitioning = false)`
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${GONE} AS
    SELECT ${FILE}, ${ROW}, bool_or(${ACTION} = 'update') AS replaced, count(*) AS times
    FROM ${found} WHERE ${ACTION} <> 'insert' GROUP BY ALL ORDER BY ${FILE}`)
  await refuseTwice(snapshot, connection)
  const rows = `SELECT ${[...columns.map(quoteName), FILE].join(', ')} FROM ${found} WHERE ${ACTION} <> 'delete'`
  return {
    ...(await countsOf(found, connection)),
    filesRead: files.length,
    edits: { files, gone: GONE, replaced: 'replaced', columns, ...(columns.length > 0 && { rows }) },
  }
}

async function filesRead(
  snapshot: Snapshot,
  { reads }: RowStatement,
  connection: DuckDBConnection,
): Promise<readonly AddFile[]> {
  if (reads === undefined) return []
  const where = reads.where ?? EVERY_ROW
  if (reads.keys) return filesWithKeys(snapshot, where, reads.keys.columns, reads.keys.sql, connection)
  return planScan(snapshot, { where }).files
}

const EVERY_ROW: Predicate = { op: 'and', of: [] }

/** Returns the table's rules for the rows that come. */
function refusalOf({ metadata }: Snapshot, { actions, columns }: RowStatement): string | undefined {
  const refusal = actions.every((action) => action === 'delete') ? undefined : rowRefusal(metadata, columns)
  return refusal && `CASE WHEN ${ACTION} <> 'delete' THEN ${refusal} END`
}

/** Refuses a row that matches several others with different outcomes. Deleting it twice is one outcome. */
async function refuseTwice({ table }: Snapshot, connection: DuckDBConnection): Promise<void> {
  const doubtful = `SELECT count(*), max(times) FROM ${GONE} WHERE times > 1 AND replaced`
  const [[count, most] = []] = (await connection.runAndReadAll(doubtful)).getRows()
  if (Number(count) === 0) return
  throw new MillraceError(
    'QUERY_FAILED',
    `${tableUrl(table)}: ${count} rows would be changed by more than one row of the source (one of them by ${most}), and which of these counts is not said`,
    {
      next: 'Let the source have at most one row for each, such as by QUALIFY row_number() OVER (PARTITION BY …) = 1.',
    },
  )
}

async function countsOf(found: string, connection: DuckDBConnection) {
  const reader = await connection.runAndReadAll(`SELECT count(*) FILTER (WHERE NOT replaced),
    count(*) FILTER (WHERE replaced), count(DISTINCT ${FILE}),
    (SELECT count(*) FROM ${found} WHERE ${ACTION} = 'insert') FROM ${GONE}`)
  const [deleted = 0, updated = 0, filesChanged = 0, inserted = 0] = (reader.getRows()[0] ?? []).map(Number)
  return { deleted, updated, inserted, filesChanged }
}

function transactionOf({ operation, parameters, reads }: RowStatement, written: WrittenEdits, snapshot: Snapshot) {
  const columns = tableColumns(snapshot)
  const level = property(snapshot.metadata.configuration, 'delta.isolationLevel') ?? ''
  return {
    ...{ operation, parameters, ...written },
    ...(reads && {
      reads: (file: AddFile) => mayHold(columns, file, reads.where ?? EVERY_ROW),
      toleratesAppends: level.trim().toLowerCase() !== 'serializable',
    }),
  }
}

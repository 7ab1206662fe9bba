import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError, type Runtime } from '@millrace/base'
import { quoteText } from '@millrace/engine'
import type { AddFile, RemoveFile, Txn } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { tableUrl } from '../log/log.ts'
import { schemaOf } from '../log/schema.ts'
import { legacyFiles } from '../read/legacy.ts'
import { planScan } from '../read/plan.ts'
import { type Predicate, predicateSql } from '../read/predicate.ts'
import { mayHold } from '../read/prune.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { refreshed } from './age.ts'
import { type CommitResult, commit } from './commit.ts'
import { conflictBetween } from './conflicts.ts'
import { fittingColumns } from './fit.ts'
import { stageRows } from './parquet.ts'
import { type ProgressChoice, progressAfterRemoval } from './progress.ts'
import { type StagedFile, uploadAll } from './staged.ts'
import type { Transaction } from './transaction.ts'

/** Connection and scratch folder for writing data files. */
export interface WriteContext {
  readonly connection: DuckDBConnection
  /** For files on their way: on this machine, and ours alone. */
  readonly folder: string
  readonly runtime: Runtime
}

export interface WriteOptions {
  readonly txn?: readonly Txn[]
  readonly userMetadata?: string
  /** Starts another file when one has grown to this. */
  readonly targetBytes?: number
}

export interface RemovalOptions extends WriteOptions {
  /** Needed where the table carries its writers' progress. */
  readonly progress?: ProgressChoice
}

export async function appendRows(
  snapshot: Snapshot,
  query: string,
  context: WriteContext,
  options: WriteOptions = {},
): Promise<CommitResult> {
  const add = await bringIn(snapshot, query, context, options)
  const transaction = { operation: 'WRITE', parameters: { mode: 'Append' }, add, ...common(options) }
  return commit(snapshot, transaction, context.runtime)
}

/** The query's rows, which must all fit the predicate, instead of the table's rows that fit it. */
export async function replaceRows(
  snapshot: Snapshot,
  where: Predicate,
  query: string,
  context: WriteContext,
  options: RemovalOptions = {},
): Promise<CommitResult> {
  const now = context.runtime.now()
  const progress = progressAfterRemoval(snapshot, options.progress, now)
  const sql = predicateSql(where, schemaOf(snapshot.metadata).fields)
  const refusal = quoteText('a new row does not fit the predicate that is replaced')
  const fitting = `SELECT * FROM (${query}) WHERE CASE WHEN coalesce(${sql}, false) THEN true ELSE error(${refusal}) END`
  const add = await bringIn(snapshot, fitting, context, options)
  const parameters = { mode: 'Overwrite', predicate: sql }
  return rewrite(snapshot, where, context, {
    operation: 'WRITE',
    parameters,
    add,
    ...common(options, progress),
  })
}

const REWRITE_TRIES = 3

/** Copy on write: files that hold a matching row go, their other rows come back in new files. */
async function rewrite(
  base: Snapshot,
  where: Predicate,
  context: WriteContext,
  transaction: Transaction,
): Promise<CommitResult> {
  let snapshot = base
  for (let tries = 1; ; tries++) {
    const touched = await touchedFiles(snapshot, where, context.connection)
    const survivors = await stageSurvivors(snapshot, where, touched.partly, context)
    await uploadAll(snapshot.table, survivors)
    const now = context.runtime.now()
    const columns = tableColumns(snapshot)
    const result = await commit(
      snapshot,
      {
        ...transaction,
        add: [...(transaction.add ?? []), ...survivors.map(({ add }) => add)],
        remove: [...touched.wholly, ...touched.partly].map((file) => removalOf(file, now)),
        reads: (file) => mayHold(columns, file, where),
      },
      context.runtime,
    )
    const again = result.outcome === 'conflict' && (result.reason === 'added' || result.reason === 'removed')
    if (!again || tries === REWRITE_TRIES) return result
    snapshot = await refreshed(result.snapshot, context.runtime)
    // The new rows were made for the table as it was at first.
    const reason = conflictBetween(base, snapshot, { operation: transaction.operation, txn: transaction.txn ?? [] })
    if (reason) return { outcome: 'conflict', reason, snapshot }
  }
}

interface Touched {
  readonly wholly: readonly AddFile[]
  readonly partly: readonly AddFile[]
}

async function touchedFiles(snapshot: Snapshot, where: Predicate, connection: DuckDBConnection): Promise<Touched> {
  const scan = planScan(snapshot, { columns: [], where })
  const sql = predicateSql(where, schemaOf(snapshot.metadata).fields)
  const wholly: AddFile[] = []
  const partly: AddFile[] = []
  for (const file of scan.files) {
    const counted = await withScan({ ...planScan(snapshot), files: [file] }, connection, (rows) =>
      connection.runAndReadAll(`SELECT count(*) FILTER (WHERE coalesce(${sql}, false)), count(*) FROM (${rows})`),
    )
    const [matching, all] = counted.getRows()[0] ?? []
    if (matching === 0n) continue
    if (matching === all) wholly.push(file)
    else partly.push(file)
  }
  return { wholly, partly }
}

async function stageSurvivors(
  snapshot: Snapshot,
  where: Predicate,
  files: readonly AddFile[],
  context: WriteContext,
): Promise<StagedFile[]> {
  if (files.length === 0) return []
  const { connection, folder, runtime } = context
  const [legacy] = await legacyFiles(snapshot, files, connection)
  if (legacy) {
    throw new MillraceError(
      'TABLE_UNSUPPORTED',
      `${tableUrl(snapshot.table)}: ${legacy.path} holds dates of the Julian calendar, which a copy would change`,
      { next: 'Let Spark rewrite the file, or delete from the table with Spark.' },
    )
  }
  const sql = predicateSql(where, schemaOf(snapshot.metadata).fields)
  return withScan({ ...planScan(snapshot), files }, connection, (rows) => {
    const kept = `SELECT * FROM (${rows}) WHERE NOT coalesce(${sql}, false)`
    return stageRows(connection, kept, snapshot, folder, runtime)
  })
}

/** The query's rows as uploaded files. Columns of the table that it lacks are null; it must have no others. */
async function bringIn(
  snapshot: Snapshot,
  query: string,
  { connection, folder, runtime }: WriteContext,
  { targetBytes }: WriteOptions,
): Promise<AddFile[]> {
  const columns = await fittingColumns(connection, query, snapshot.metadata)
  const options = targetBytes === undefined ? { columns } : { columns, targetBytes }
  const staged = await stageRows(connection, query, snapshot, folder, runtime, options)
  await uploadAll(snapshot.table, staged)
  return staged.map(({ add }) => add)
}

/** The tombstone of a file. */
export function removalOf(file: AddFile, now: number, dataChange = true): RemoveFile {
  const { path, partitionValues, size, deletionVector } = file
  return {
    path,
    deletionTimestamp: now,
    dataChange,
    extendedFileMetadata: true,
    partitionValues,
    size,
    ...(deletionVector ? { deletionVector } : {}),
  }
}

function common({ txn, userMetadata }: WriteOptions, progress: readonly Txn[] = []) {
  return {
    txn: [...progress.filter(({ appId }) => !txn?.some((own) => own.appId === appId)), ...(txn ?? [])],
    ...(userMetadata === undefined ? {} : { info: { userMetadata } }),
  }
}

import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import type { AddFile, Txn } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { schemaOf } from '../log/schema.ts'
import { FILE, planScan, ROW } from '../read/plan.ts'
import { columnsOf, fieldNamed, type Predicate, predicateSql } from '../read/predicate.ts'
import { mayHold } from '../read/prune.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { type CommitResult, commit } from './commit.ts'
import { commitAnew } from './commit-anew.ts'
import { conflictBetween } from './conflicts.ts'
import type { WriteContext } from './context.ts'
import { type RowEdits, writeEdits } from './edits.ts'
import { fittingColumns } from './fit.ts'
import { stageRows } from './parquet.ts'
import { type ProgressChoice, progressAfterRemoval } from './progress.ts'
import { uploadAll } from './staged.ts'
import type { Transaction } from './transaction.ts'

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

/** Takes the rows that fit the predicate away; made again where others have changed what it rests on. */
async function rewrite(
  base: Snapshot,
  where: Predicate,
  context: WriteContext,
  transaction: Transaction,
): Promise<CommitResult> {
  const attempt = async (snapshot: Snapshot): Promise<{ readonly result: CommitResult }> => {
    // The new rows were made for the table as it was at first.
    const reason = conflictBetween(base, snapshot, { operation: transaction.operation, txn: transaction.txn ?? [] })
    if (reason) return { result: { outcome: 'conflict', reason, snapshot } }
    const { files, gone } = await findRows(snapshot, where, context.connection)
    const brought = transaction.add ?? []
    const { add, remove, cdc } = await writeEdits(snapshot, { files, gone, brought }, context)
    const columns = tableColumns(snapshot)
    const result = await commit(
      snapshot,
      {
        ...transaction,
        add: [...brought, ...add],
        remove,
        cdc,
        reads: (file) => mayHold(columns, file, where),
      },
      context.runtime,
    )
    return { result }
  }
  return (await commitAnew(base, attempt)).result
}

/** Finds the rows that fit the predicate. */
async function findRows(
  snapshot: Snapshot,
  where: Predicate,
  connection: DuckDBConnection,
): Promise<Pick<RowEdits, 'files' | 'gone'>> {
  const { fields } = schemaOf(snapshot.metadata)
  const columns = [...new Set(columnsOf(where).map((name) => fieldNamed(fields, name).name))]
  const { files } = planScan(snapshot, { columns: [], where })
  await withScan({ ...planScan(snapshot, { columns }), files, positions: true }, connection, (rows) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${GONE} AS
      SELECT ${FILE}, ${ROW} FROM (${rows}) WHERE ${predicateSql(where, fields)}`),
  )
  return { files, gone: GONE }
}

const GONE = 'millrace_gone'

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

function common({ txn, userMetadata }: WriteOptions, progress: readonly Txn[] = []) {
  return {
    txn: [...progress.filter(({ appId }) => !txn?.some((own) => own.appId === appId)), ...(txn ?? [])],
    ...(userMetadata === undefined ? {} : { info: { userMetadata } }),
  }
}

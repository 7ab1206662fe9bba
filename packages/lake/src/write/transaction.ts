import { MillraceError, type Runtime } from '@millrace/base'
import {
  type Actions,
  type AddFile,
  type CommitInfo,
  encodeActions,
  type RemoveFile,
  type Txn,
} from '../log/actions.ts'
import { commitName, logKey, readCommit, type TableRef, tableUrl } from '../log/log.ts'
import type { StructType } from '../log/schema.ts'
import { advance, openTable, refresh, type Snapshot } from '../read/snapshot.ts'

export interface Transaction {
  readonly operation: string
  readonly add?: readonly AddFile[]
  readonly remove?: readonly RemoveFile[]
  readonly txn?: readonly Txn[]
  /** Kept in the commit for whoever audits it. */
  readonly info?: CommitInfo
  /** Asked of the newest state before each try: false means that the commit must not be made any more. */
  readonly fence?: (latest: Snapshot) => boolean
}

export type CommitResult =
  | { readonly outcome: 'committed'; readonly snapshot: Snapshot }
  | { readonly outcome: 'fenced'; readonly snapshot: Snapshot }

const MAX_TRIES = 50

/**
 * Appends `transaction` to the log. Data files are there already; only the commit is retried. An answer that
 * got lost is found again by the commit's own id, so a retry never doubles.
 */
export async function commit(base: Snapshot, transaction: Transaction, runtime: Runtime): Promise<CommitResult> {
  const commitId = runtime.uuid()
  let snapshot = base
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (transaction.fence && !transaction.fence(snapshot)) return { outcome: 'fenced', snapshot }
    const version = snapshot.version + 1
    const actions = actionsOf(transaction, commitId, runtime)
    if (await createEntry(snapshot.table, version, actions, commitId)) {
      return { outcome: 'committed', snapshot: advance(snapshot, actions) }
    }
    snapshot = await refresh(snapshot)
    await runtime.sleep(runtime.random() * Math.min(1000, 5 * 2 ** tries))
  }
  throw new MillraceError('TABLE_CONFLICT', `${tableUrl(base.table)}: ${MAX_TRIES} commits of others came first`)
}

export interface NewTable {
  readonly schema: StructType
  readonly partitionColumns?: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly description?: string
}

/** Log care is ours: rule 17 of docs/exactly-once.md. */
const CONFIGURATION = {
  'delta.enableExpiredLogCleanup': 'false',
  'delta.logRetentionDuration': 'interval 2 days',
  'delta.deletedFileRetentionDuration': 'interval 1 day',
}

/** The table that is there, or a new one: of several that create at once, one does, and all go on. */
export async function openOrCreate(table: TableRef, create: NewTable, runtime: Runtime): Promise<Snapshot> {
  const there = await openTable(table)
  if (there) return there
  const commitId = runtime.uuid()
  await createEntry(table, 0, creationOf(create, commitId, runtime), commitId)
  const created = await openTable(table)
  if (!created) throw new MillraceError('STORE_FAILED', `${tableUrl(table)} was created and can't be read`)
  return created
}

function creationOf(create: NewTable, commitId: string, runtime: Runtime): Actions {
  return {
    protocol: { minReaderVersion: 1, minWriterVersion: 2 },
    metaData: {
      id: runtime.uuid(),
      ...(create.description === undefined ? {} : { description: create.description }),
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify(create.schema),
      partitionColumns: create.partitionColumns ?? [],
      configuration: { ...CONFIGURATION, ...create.configuration },
      createdTime: runtime.now(),
    },
    ...actionsOf({ operation: 'CREATE TABLE' }, commitId, runtime),
  }
}

function actionsOf(transaction: Transaction, commitId: string, runtime: Runtime): Actions {
  const commitInfo = {
    timestamp: runtime.now(),
    operation: transaction.operation,
    operationParameters: {},
    isBlindAppend: (transaction.remove ?? []).length === 0,
    engineInfo: 'Millrace/0.1.0',
    txnId: commitId,
    ...transaction.info,
  }
  return { commitInfo, add: transaction.add ?? [], remove: transaction.remove ?? [], txn: transaction.txn ?? [] }
}

async function createEntry(table: TableRef, version: number, actions: Actions, commitId: string): Promise<boolean> {
  const answer = await table.store.putIfAbsent(logKey(table, commitName(version)), encodeActions(actions))
  if (answer === 'created') return true
  const winner = await readCommit(table, version)
  return winner?.commitInfo?.txnId === commitId
}

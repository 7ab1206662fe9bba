import { MillraceError, type Runtime } from '@millrace/base'
import { type Actions, type AddFile, encodeActions, type RemoveFile } from '../log/actions.ts'
import { commitName, logKey, readCommit, type TableRef, tableUrl } from '../log/log.ts'
import { advance, openTable, type Snapshot } from '../read/snapshot.ts'
import { ageOf, elapsed, freshened, hadBeenPassed, instantOf, isFresh, refreshed, seenAt } from './age.ts'
import { type ConflictReason, conflictBetween } from './conflicts.ts'
import { fileRetention, logRetention } from './retention.ts'
import type { Transaction } from './transaction.ts'
import { refuseExpiringProgress, refuseRemoval, refuseUnwritable } from './writable.ts'

export type CommitResult =
  | { readonly outcome: 'committed'; readonly snapshot: Snapshot }
  | { readonly outcome: 'fenced'; readonly snapshot: Snapshot }
  | { readonly outcome: 'conflict'; readonly reason: ConflictReason; readonly snapshot: Snapshot }

const MAX_TRIES = 50
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 250

/**
 * Appends `transaction` to the log. Data files are there already; only the commit is retried, as long as what
 * the transaction rests on is unchanged. An answer that got lost is found again by the commit's own id, so a
 * retry never doubles.
 */
export async function commit(base: Snapshot, transaction: Transaction, runtime: Runtime): Promise<CommitResult> {
  const commitId = runtime.uuid()
  let latest = await freshened(base, runtime)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const refusal = refusalOf(base, latest, transaction, runtime)
    if (refusal) return { ...refusal, snapshot: latest }
    const actions = actionsOf(transaction, latest, commitId, runtime)
    if (await createEntry(latest.table, latest.version + 1, actions, commitId, runtime)) {
      if (isFresh(latest, runtime)) return committed(latest, actions, runtime)
      return await afterSleep(latest, actions, runtime)
    }
    await runtime.sleep(runtime.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries))
    latest = await refreshed(latest, runtime)
  }
  return { outcome: 'conflict', reason: 'contended', snapshot: latest }
}

type Refusal = { outcome: 'fenced' } | { outcome: 'conflict'; reason: ConflictReason }

function refusalOf(base: Snapshot, latest: Snapshot, transaction: Transaction, runtime: Runtime): Refusal | undefined {
  if (transaction.fence && !transaction.fence(latest)) return { outcome: 'fenced' }
  refuseUnwritable(latest)
  if (transaction.txn?.length) refuseExpiringProgress(latest)
  if ((transaction.remove ?? []).some(({ dataChange }) => dataChange)) refuseRemoval(latest)
  const reason = conflictBetween(base, latest, transaction)
  if (reason) return { outcome: 'conflict', reason }
  return overslept(latest, transaction, runtime) ? { outcome: 'conflict', reason: 'stale' } : undefined
}

/** Minimum age of files that our maintenance deletes, whatever a table's retention is. */
const NEVER_STALE_MS = 30 * 60_000

/** Rule 15: vacuum may have taken files that no commit named for too long. */
function overslept(latest: Snapshot, { add, since }: Transaction, runtime: Runtime): boolean {
  const oldest = (add ?? []).reduce((age, file) => Math.max(age, ageOf(file, runtime)), 0)
  const age = since ? elapsed(since, runtime) : oldest
  const shorter = Math.min(fileRetention(latest.metadata), logRetention(latest.metadata))
  return age > Math.max(shorter / 2, NEVER_STALE_MS)
}

function committed(latest: Snapshot, actions: Actions, runtime: Runtime): CommitResult {
  return { outcome: 'committed', snapshot: seenAt(advance(latest, actions), instantOf(runtime)) }
}

async function afterSleep(latest: Snapshot, actions: Actions, runtime: Runtime): Promise<CommitResult> {
  if (!(await hadBeenPassed(latest.table, latest.version + 1))) return committed(latest, actions, runtime)
  const instant = instantOf(runtime)
  const snapshot = seenAt((await openTable(latest.table)) ?? latest, instant)
  return { outcome: 'conflict', reason: 'stale', snapshot }
}

/** The actions of one entry, in the order in which readers want them. */
export function actionsOf(
  transaction: Transaction,
  latest: Snapshot | undefined,
  commitId: string,
  runtime: Runtime,
): Actions {
  const { add = [], remove = [], txn = [], cdc = [], metadata, protocol } = transaction
  const commitInfo = {
    timestamp: runtime.now(),
    operation: transaction.operation,
    operationParameters: transaction.parameters ?? {},
    ...(latest ? { readVersion: latest.version } : {}),
    isolationLevel: transaction.toleratesAppends ? 'WriteSerializable' : 'Serializable',
    isBlindAppend: remove.length === 0 && !transaction.reads && !metadata,
    operationMetrics: metricsOf(add, remove),
    engineInfo: 'Millrace/0.1.0',
    txnId: commitId,
    ...transaction.info,
  }
  return {
    commitInfo,
    ...(protocol ? { protocol } : {}),
    ...(metadata ? { metaData: metadata } : {}),
    add,
    remove,
    txn,
    cdc,
  }
}

/** Returns the operation metrics as texts, as every engine writes them. */
function metricsOf(add: readonly AddFile[], remove: readonly RemoveFile[]): Record<string, string> {
  const rows = add.reduce((sum, { stats }) => sum + BigInt(/"numRecords":(\d+)/.exec(stats ?? '')?.[1] ?? 0), 0n)
  return {
    numFiles: String(add.length),
    numOutputRows: String(rows),
    numOutputBytes: String(add.reduce((sum, { size }) => sum + size, 0)),
    ...(remove.length > 0 ? { numRemovedFiles: String(remove.length) } : {}),
  }
}

const CREATE_TRIES = 4

/**
 * Whether the entry of `version` is ours. When the answer got lost, the entry shows it by its id; when there is none,
 * the same bytes are tried again under the same name, so that a late arrival of the first changes nothing.
 */
export async function createEntry(
  table: TableRef,
  version: number,
  actions: Actions,
  commitId: string,
  runtime: Runtime,
): Promise<boolean> {
  const key = logKey(table, commitName(version))
  const bytes = encodeActions(actions)
  for (let tries = 1; ; tries++) {
    const answer = await table.store.putIfAbsent(key, bytes).catch((error: unknown) => {
      if (tries === CREATE_TRIES || (error instanceof MillraceError && !error.retry)) throw error
      return 'lost' as const
    })
    if (answer === 'created') return true
    const there = await readCommit(table, version)
    if (there) return there.commitInfo?.txnId === commitId
    if (answer === 'exists') return false
    await runtime.sleep(runtime.random() * LONGEST_PAUSE_MS)
  }
}

/** For callers to whom a conflict is the end. */
export function committedOrThrow(result: CommitResult): Snapshot {
  if (result.outcome === 'committed') return result.snapshot
  const reason = result.outcome === 'fenced' ? 'fenced' : CONFLICTS[result.reason]
  throw new MillraceError('TABLE_CONFLICT', `${tableUrl(result.snapshot.table)}: ${reason}`)
}

const CONFLICTS: Readonly<Record<ConflictReason, string>> = {
  protocol: 'its protocol was changed meanwhile',
  metadata: 'its schema was changed meanwhile',
  added: 'rows that this would have read were added meanwhile',
  removed: 'files that this rests on were replaced meanwhile',
  progress: 'the progress in it was moved by another writer',
  stale: 'this process slept for so long that its files may have been cleaned away',
  contended: `${MAX_TRIES} commits of others came first`,
}

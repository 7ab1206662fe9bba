import { commitVersions, readCommits, type TableRef } from '@millrace/delta'
import { type KeptEntry, ledgerOf, readLedgerSummary } from './kept.ts'
import type { Ledger } from './ledger.ts'
import { comparePositions } from './positions.ts'

/** A commit with a ledger, or the summary of those that log cleanup has deleted. */
export interface AuditedCommit {
  readonly version: number
  readonly entries: readonly KeptEntry[]
  /** Rows in the files that it added; unknown for what has been folded, and no measure of changes or of a restore. */
  readonly addedRows: bigint | undefined
}

/** Yields every commit with a ledger, the oldest first; before them the summary of those that are gone. */
export async function* auditedCommits(table: TableRef): AsyncIterable<AuditedCommit> {
  const summary = await readLedgerSummary(table)
  const through = summary?.through ?? -1
  if (summary) yield { version: through, entries: summary.entries, addedRows: undefined }
  for await (const { version, actions } of readCommits(table, await commitVersions(table, through + 1))) {
    const entries = actions ? ledgerOf(actions) : []
    if (!actions || entries.length === 0) continue
    const addedRows = actions.add.reduce((sum, { stats }) => sum + rowsOf(stats), 0n)
    const isKeyed = (actions.commitInfo?.millrace as Partial<Ledger> | undefined)?.mode !== undefined
    const takesBack = entries.some(({ from, to }) => comparePositions(to, from) < 0)
    yield { version, entries, addedRows: isKeyed || takesBack ? undefined : addedRows }
  }
}

function rowsOf(stats: string | null | undefined): bigint {
  return BigInt(/"numRecords":(\d+)/.exec(stats ?? '')?.[1] ?? 0)
}

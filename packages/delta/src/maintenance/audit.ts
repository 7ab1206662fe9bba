import { listLog } from '../log/listing.ts'
import { readCommit, type TableRef } from '../log/log.ts'
import { inOrder } from '../read/in-order.ts'
import { type LedgerEntry, ledgerOf, readLedgerSummary } from './ledger.ts'

/** One commit that keeps a ledger, or the summary of those that log cleanup has taken away. */
export interface AuditedCommit {
  readonly version: number
  readonly entries: readonly LedgerEntry[]
  /** Rows in the files that it added; unknown for what has been folded. */
  readonly addedRows: bigint | undefined
}

const READS_AT_ONCE = 16

/** Every commit with a ledger, the oldest first. */
export async function* auditedCommits(table: TableRef): AsyncIterable<AuditedCommit> {
  const summary = await readLedgerSummary(table)
  const through = summary?.through ?? -1
  if (summary) yield { version: through, entries: summary.entries, addedRows: undefined }
  const { commits } = await listLog(table, through + 1)
  const versions = [...commits]
  const read = async (version: number) => ({ version, actions: await readCommit(table, version) })
  for await (const { version, actions } of inOrder(versions, READS_AT_ONCE, read)) {
    const entries = actions ? ledgerOf(actions) : []
    if (!actions || entries.length === 0) continue
    const addedRows = actions.add.reduce((sum, { stats }) => sum + rowsOf(stats), 0n)
    yield { version, entries, addedRows }
  }
}

function rowsOf(stats: string | null | undefined): bigint {
  return BigInt(/"numRecords":(\d+)/.exec(stats ?? '')?.[1] ?? 0)
}

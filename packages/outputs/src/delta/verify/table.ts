import type { TableRef } from '@millrace/delta'
import { type AuditedCommit, auditedCommits } from '../../ledger/audit.ts'
import type { LedgerEntry } from '../../ledger/ledger.ts'
import { comparePositions } from '../../ledger/positions.ts'
import { compareGroups } from './groups.ts'

/** Outcome of the records of one partition, by the table's own ledger. */
export interface PartitionAccount extends Required<LedgerEntry> {
  readonly group: string
}

export interface Verdict {
  readonly partitions: readonly PartitionAccount[]
  /** Empty if no record is missing and none is doubled. */
  readonly problems: readonly string[]
}

/**
 * Proves from the log alone that each partition's ranges meet, that all counts add up, and that no two groups have put
 * the same range into the table.
 */
export async function verifyTable(table: TableRef): Promise<Verdict> {
  const accounts = new Map<string, PartitionAccount>()
  const problems: string[] = []
  const groups = compareGroups()
  for await (const commit of auditedCommits(table)) {
    problems.push(...rowProblems(commit))
    for (const entry of commit.entries as unknown as readonly (LedgerEntry & { group: string })[]) {
      const key = JSON.stringify([entry.group, entry.topic, entry.identity, entry.partition])
      const before = accounts.get(key)
      problems.push(...entryProblems(entry, before, commit.version))
      accounts.set(key, added(before, entry))
      groups.note(entry)
    }
  }
  return { partitions: [...accounts.values()], problems: [...problems, ...groups.problems()] }
}

function rowProblems({ version, entries, addedRows }: AuditedCommit): string[] {
  if (addedRows === undefined) return []
  const counted = entries.reduce((sum, { rows }) => sum + Number(rows), 0)
  if (BigInt(counted) === addedRows) return []
  return [`version ${version}: its ledger says ${counted} rows, its files hold ${addedRows}`]
}

function entryProblems(entry: LedgerEntry, before: PartitionAccount | undefined, version: number): string[] {
  const { topic, partition, from, records, rows, quarantined, filtered, elsewhere = 0, repeated = 0 } = entry
  const problems: string[] = []
  if (before && String(before.to) !== String(from)) {
    const what = comparePositions(before.to, from) < 0 ? 'is missing' : 'was committed twice'
    problems.push(`version ${version}: ${topic}/${partition}: what lies between ${before.to} and ${from} ${what}`)
  }
  if (records !== rows + quarantined + filtered + elsewhere + repeated) {
    const outcomes = `${rows} rows, ${quarantined} in quarantine, ${filtered} filtered, ${elsewhere} of other kinds, ${repeated} repeats`
    problems.push(`version ${version}: ${topic}/${partition}: ${records} records became ${outcomes}`)
  }
  return problems
}

function added(before: PartitionAccount | undefined, entry: LedgerEntry & { group: string }): PartitionAccount {
  const { group, topic, identity, partition, from, to } = entry
  return {
    ...{ group, topic, identity, partition },
    from: before?.from ?? from,
    to,
    messages: (before?.messages ?? 0) + entry.messages,
    records: (before?.records ?? 0) + entry.records,
    rows: (before?.rows ?? 0) + entry.rows,
    quarantined: (before?.quarantined ?? 0) + entry.quarantined,
    filtered: (before?.filtered ?? 0) + entry.filtered,
    elsewhere: (before?.elsewhere ?? 0) + (entry.elsewhere ?? 0),
    repeated: (before?.repeated ?? 0) + (entry.repeated ?? 0),
  }
}

import { type Actions, readCommits, type TableRef } from '@millrace/delta'

/** An entry of a ledger, for one partition of a source, with any further fields. */
export interface KeptEntry {
  /** Positions in the source: [from, to). */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Counts are added up; all else names the partition. */
  readonly [field: string]: string | number | readonly string[]
}

/** The entries of all commits that log cleanup has removed, folded into one for each range of a partition. */
export interface LedgerSummary {
  /** The last version that is in it. */
  readonly through: number
  readonly entries: readonly KeptEntry[]
}

/** Returns the folder of summaries. They are only created and the newest counts, so concurrent cleanups are safe. */
function summaryFolder(table: TableRef): string {
  return `_millrace/ledger/${table.path}/`
}

export async function readLedgerSummary(table: TableRef): Promise<LedgerSummary | undefined> {
  const newest = (await summaryKeys(table)).at(-1)
  const bytes = newest === undefined ? undefined : await table.store.get(newest)
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as LedgerSummary)
}

async function writeLedgerSummary(table: TableRef, summary: LedgerSummary): Promise<void> {
  const key = `${summaryFolder(table)}${String(summary.through).padStart(20, '0')}.json`
  await table.store.putIfAbsent(key, new TextEncoder().encode(JSON.stringify(summary)))
  const older = (await summaryKeys(table)).filter((candidate) => candidate < key)
  for (const candidate of older) await table.store.delete(candidate)
}

async function summaryKeys({ store, ...table }: TableRef): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(summaryFolder({ store, ...table }))) keys.push(key)
  return keys
}

/**
 * Keeps the ledger of commits that log cleanup is about to delete. Returns false if another worker is deleting them.
 */
export async function keepLedger(table: TableRef, versions: readonly number[]): Promise<boolean> {
  const summary = await readLedgerSummary(table)
  const unfolded = versions.filter((version) => version > (summary?.through ?? -1))
  const last = unfolded.at(-1)
  if (last === undefined) return true
  let entries = summary?.entries ?? []
  for await (const { actions } of readCommits(table, unfolded)) {
    if (!actions) return false
    entries = foldLedger(entries, ledgerOf(actions))
  }
  if (entries.length > 0) await writeLedgerSummary(table, { through: last, entries })
  return true
}

/** Returns the ledger of a commit, with the names that stand for all its entries put into each. */
export function ledgerOf({ commitInfo }: Pick<Actions, 'commitInfo'>): KeptEntry[] {
  const { entries = [], ...shared } = (commitInfo?.millrace ?? {}) as { entries?: KeptEntry[] }
  return entries.map((entry) => ({ ...(shared as Record<string, string>), ...entry }))
}

/** Merges entries whose ranges meet. Others stay apart, for `verify` to find. */
export function foldLedger(folded: readonly KeptEntry[], next: readonly KeptEntry[]): KeptEntry[] {
  const result = [...folded]
  for (const entry of next) {
    const partition = partitionOf(entry)
    const last = result.findLastIndex((candidate) => partitionOf(candidate) === partition)
    const before = result[last]
    if (before && String(before.to) === String(entry.from)) result[last] = joined(before, entry)
    else result.push(entry)
  }
  return result
}

function partitionOf({ from: _from, to: _to, ...rest }: KeptEntry): string {
  return JSON.stringify(
    Object.entries(rest)
      .filter(([, value]) => typeof value !== 'number')
      .sort(),
  )
}

function joined(before: KeptEntry, after: KeptEntry): KeptEntry {
  const counts = Object.entries(after).filter(([, value]) => typeof value === 'number') as [string, number][]
  const sums = Object.fromEntries(counts.map(([name, count]) => [name, Number(before[name] ?? 0) + count]))
  return { ...before, ...sums, to: after.to }
}

import { commitVersions, readCommits, type TableRef } from '@millrace/delta'
import { type KeptEntry, ledgerOf } from './kept.ts'

/**
 * Returns the ledger of a commit that takes a table and its progress back to an older version: each entry since then
 * once more, the newest first, from its end to its beginning and with what it counted taken away. Whoever adds up the
 * ledger comes to what it was at that version. Log cleanup deletes no
 * commit that comes after a version which can still be restored.
 */
export async function rewoundLedger(
  table: TableRef,
  to: number,
  current: number,
): Promise<{ readonly millrace: { readonly entries: readonly KeptEntry[] } }> {
  const since = (await commitVersions(table, to + 1)).filter((version) => version <= current)
  const entries: KeptEntry[] = []
  for await (const { actions } of readCommits(table, since)) {
    if (actions) entries.push(...ledgerOf(actions).map(takenBack))
  }
  return { millrace: { entries: entries.reverse() } }
}

function takenBack(entry: KeptEntry): KeptEntry {
  const counts = Object.entries(entry).filter(([, value]) => typeof value === 'number') as [string, number][]
  return {
    ...entry,
    ...Object.fromEntries(counts.map(([name, count]) => [name, 0 - count])),
    from: entry.to,
    to: entry.from,
  }
}

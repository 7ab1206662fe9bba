import type { Snapshot } from '@millrace/delta'
import type { TableAccount } from './runs.ts'

/** How good a table's data is. */
export interface TableQuality extends TableAccount {
  /** Rows of the table, those of earlier runs too. */
  readonly tableRows: number
  /** For each column how many rows have nothing in it; a column whose files don't say is not named. */
  readonly missing: Readonly<Record<string, number>>
}

interface FileStats {
  readonly numRecords?: number
  readonly nullCount?: Readonly<Record<string, unknown>>
}

/** By the statistics of the table's files: nothing is read but its log. */
export function tableQuality(snapshot: Snapshot, account: TableAccount): TableQuality {
  const stats = [...snapshot.files.values()].map((file): FileStats => JSON.parse(file.stats ?? '{}'))
  const names = Object.keys(stats[0]?.nullCount ?? {})
  const missing = names.flatMap((name) => {
    const counts = stats.map(({ nullCount }) => nullCount?.[name])
    return counts.every((count) => typeof count === 'number') ? [[name, sum(counts)] as const] : []
  })
  return {
    ...account,
    tableRows: sum(stats.map(({ numRecords = 0 }) => numRecords)),
    missing: Object.fromEntries(missing),
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

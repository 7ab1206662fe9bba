import type { Snapshot } from '@millrace/delta'
import type { TableAccount } from './runs.ts'

/** Quality figures of a table. */
export interface TableQuality extends TableAccount {
  /** Rows of the table, including those of earlier runs. */
  readonly tableRows: number
  /** Number of NULLs by column. Columns without statistics are missing. */
  readonly missing: Readonly<Record<string, number>>
}

interface FileStats {
  readonly numRecords?: number
  readonly nullCount?: Readonly<Record<string, unknown>>
}

/** Computes the quality from the statistics in the table's log, without reading its files. */
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

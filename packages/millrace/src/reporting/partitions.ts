import type { OutputSize } from '@millrace/outputs'

/** With more partitions most files stay small whatever compaction does, and each reader has to list them. */
const MOST_PARTITIONS = 200

/** Returns a warning of a table whose rows are in too many partitions. */
export function partitionsInWords({
  table,
  partitions = 0,
}: Pick<OutputSize, 'table' | 'partitions'>): string | undefined {
  if (partitions <= MOST_PARTITIONS) return undefined
  return `rows of ${table} are in more than ${MOST_PARTITIONS} partitions, a file or more each: what it is partitioned by has too many values`
}

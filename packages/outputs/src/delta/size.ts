import { partitionsOf } from '@millrace/delta'
import type { OutputSize } from '../output.ts'
import type { ProgressTable } from './progress-table.ts'

/** Adds up what the table holds; with very many files that takes time. */
export function sizeOf(table: ProgressTable, nullColumns: readonly string[] = []): OutputSize {
  const { version, files, metadata } = table.snapshot()
  let [rows, bytes] = [0, 0]
  for (const { stats, size, deletionVector } of files.values()) {
    rows += Number(/"numRecords":\s*(\d+)/.exec(stats ?? '')?.[1] ?? 0) - (deletionVector?.cardinality ?? 0)
    bytes += size
  }
  const size = { table: table.ref.path, version, files: files.size, bytes, rows, nullColumns }
  return metadata.partitionColumns.length > 0 ? { ...size, partitions: partitionsOf(files.values()) } : size
}

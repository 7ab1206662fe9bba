import type { Runtime } from '@millrace/base'
import type { TableSizes } from '../telemetry.ts'
import type { ProgressTable } from './progress-table.ts'

const AT_MOST_EVERY_MS = 5_000

/** Adding up a table of very many files takes time: it gets this share of it and no more. */
const SHARE = 1 / 500

/** Tells how large tables are, as often as it costs next to nothing. */
export function createSizer(runtime: Runtime, tell: (sizes: TableSizes) => void): (table: ProgressTable) => void {
  const dueAt = new Map<ProgressTable, number>()
  return (table) => {
    const begun = runtime.monotonic()
    if (begun < (dueAt.get(table) ?? 0)) return
    tell(sizesOf(table))
    const took = runtime.monotonic() - begun
    dueAt.set(table, begun + Math.max(AT_MOST_EVERY_MS, took / SHARE))
  }
}

function sizesOf(table: ProgressTable): TableSizes {
  const { version, files } = table.snapshot()
  let [rows, bytes] = [0, 0]
  for (const { stats, size } of files.values()) {
    rows += Number(/"numRecords":\s*(\d+)/.exec(stats ?? '')?.[1] ?? 0)
    bytes += size
  }
  return { table: table.ref.path, version, files: files.size, bytes, rows }
}

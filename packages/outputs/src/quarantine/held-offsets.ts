import { planScan, withScan } from '@millrace/delta'
import { type Engine, quoteName, quoteText } from '@millrace/engine'
import type { Partition } from '@millrace/transport'
import type { ProgressTable } from '../delta/progress-table.ts'
import type { HeldRecords } from '../output.ts'

/** Returns the offsets that the quarantine holds of a partition, and how far it is there. */
export async function heldOffsets(
  table: ProgressTable,
  partition: Partition,
  group: string,
  engine: Engine,
): Promise<HeldRecords | undefined> {
  const until = table.position(partition)
  if (!until) return undefined
  const { topic, identity, id } = partition
  const wanted = Object.entries({ pipeline: group, topic, identity, partition: id })
  const where = wanted.map(([name, value]) => `${quoteName(name)} = ${quoteText(value)}`).join(' AND ')
  const connection = await engine.connect()
  try {
    const reader = await withScan(planScan(table.snapshot()), connection, (rows) =>
      connection.runAndReadAll(`SELECT "offset" FROM (${rows}) WHERE ${where}`),
    )
    return { until, offsets: new Set(reader.getRows().map(([offset]) => String(offset))) }
  } finally {
    connection.closeSync()
  }
}

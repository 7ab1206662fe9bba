import type { Runtime } from '@millrace/base'
import { openTable } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { openSource } from '@millrace/transport'
import { compareKinds } from './kinds.ts'
import { verifyAgainstSource } from './source.ts'
import { type Verdict, verifyTable } from './table.ts'

export interface VerifyOptions {
  readonly lake: string
  readonly tables: readonly string[]
  /** The source to count records in; without one only the log is checked. */
  readonly source?: string
}

export interface TableVerdict extends Verdict {
  readonly table: string
  /** Whether the table exists. */
  readonly exists: boolean
}

export async function verifyLake(
  { lake, tables, source: address }: VerifyOptions,
  runtime: Runtime,
): Promise<TableVerdict[]> {
  const store = await openLake(lake)
  const source = address === undefined ? undefined : await openSource(address, runtime)
  try {
    const verdicts: TableVerdict[] = []
    for (const path of tables) {
      const table = { store, path }
      const exists = (await openTable(table)) !== undefined
      const { partitions, problems } = exists ? await verifyTable(table) : { partitions: [], problems: [] }
      const differences = source ? await verifyAgainstSource(table, partitions, source) : []
      verdicts.push({ table: path, exists, partitions, problems: [...problems, ...differences] })
    }
    const [last] = verdicts.slice(-1)
    const differences = compareKinds(verdicts)
    return last ? [...verdicts.slice(0, -1), { ...last, problems: [...last.problems, ...differences] }] : verdicts
  } finally {
    await source?.close()
  }
}

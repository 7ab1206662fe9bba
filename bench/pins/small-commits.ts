import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Runtime, systemRuntime } from '@millrace/base'
import { appendRows, openOrCreate, type Snapshot, type TableRef } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'

export const ROWS_A_COMMIT = 1000

/** What appends the same thousand clean pins to a Delta table, again and again. */
export interface SmallCommits {
  readonly context: { readonly connection: DuckDBConnection; readonly folder: string; readonly runtime: Runtime }
  open(): Promise<Snapshot>
  append(to: Snapshot): Promise<Snapshot>
}

/** The pins are in memory, the table is there and empty. */
export async function smallCommits(pins: string, lake: string): Promise<SmallCommits> {
  const table: TableRef = { store: await openLake(lake), path: 'pin' }
  const { schema } = await loadDataset('pin', [PINTEREST.datasets])
  // A thousand rows are less than what two threads would share.
  const connection = await (await openDuckDB({ files: 'all', threads: 1 })).connect()
  await connection.run(`CREATE TABLE pins AS FROM read_parquet('${join(pins, 'pins.parquet')}')`)
  const context = { connection, folder: join(lake, 'work'), runtime: systemRuntime }
  const open = () => openOrCreate(table, { schema }, systemRuntime)
  await open()
  return {
    context,
    open,
    async append(to) {
      const result = await appendRows(to, 'FROM pins', context)
      if (result.outcome !== 'committed') throw new Error(`commit ${to.version + 1}: ${result.outcome}`)
      return result.snapshot
    },
  }
}

import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { appendRows, committedOrThrow, openTable, type Snapshot } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { writeLog } from '../delta-open/log-of-many-commits.ts'

/** A table of so many commits and files, with a checkpoint at its end and every entry of its log still there. */
export async function tableOfManyCommits(commits: number, folder: string) {
  await writeLog(folder, commits, true)
  const ref = { store: await openLake(folder), path: 'table' }
  const connection = await (await openDuckDB({ files: 'all', threads: 1 })).connect()
  const context = { connection, folder: join(folder, 'work'), runtime: systemRuntime }
  const rows = `SELECT 1::INTEGER AS ind, 'a title' AS title, TIMESTAMPTZ '2026-01-01' AS at`
  return {
    async open(): Promise<Snapshot> {
      const snapshot = await openTable(ref)
      if (!snapshot) throw new Error(`no table in ${folder}`)
      return snapshot
    },
    async appendRow(to: Snapshot): Promise<Snapshot> {
      return committedOrThrow(await appendRows(to, rows, context))
    },
  }
}

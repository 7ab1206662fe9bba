import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MillraceError } from '@millrace/base'
import { listTables, openScan, openTable, planScan } from '@millrace/delta'
import { filesOf, openDuckDB, quoteName, quoteText } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { BATCH, readRuns } from '../runs.ts'

/** Creates a DuckDB file with a view of the current files of every table. Returns the tables' paths. */
export async function exportViews(lake: string, file: string): Promise<string[]> {
  const store = await openLake(lake)
  if (!store.url.startsWith('file:')) {
    throw new MillraceError(
      'USAGE',
      `${store.url} is not a local folder, so other programs could not read its files through the views`,
      {
        next: 'Export from a lake in a folder.',
      },
    )
  }
  if (existsSync(file)) {
    throw new MillraceError('USAGE', `${file} is there already`, { next: 'Name another file, or remove it.' })
  }
  const [run] = await readRuns(store)
  const engine = await openDuckDB({ files: [dirname(resolve(file)), ...filesOf(store)], threads: 1 })
  try {
    const connection = await engine.connect()
    await connection.run(`ATTACH ${quoteText(file)} AS export; USE export`)
    const exported: string[] = []
    for (const path of await listTables(store)) {
      const [name = path, schema = 'main', ...deeper] = path.split('/').toReversed()
      const snapshot = await openTable({ store, path }, schema === BATCH ? run?.versions[path] : undefined)
      if (!snapshot || deeper.length > 0) continue
      await using scan = await openScan(planScan(snapshot), connection)
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`)
      await connection.run(`CREATE VIEW ${quoteName(schema)}.${quoteName(name)} AS ${scan.sql}`)
      exported.push(path)
    }
    await connection.run('USE memory; DETACH export')
    return exported
  } finally {
    engine.close()
  }
}

import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTable, planScan, type Snapshot, withScan } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { job, LIBRARY, ready, report } from '../src/contestant.ts'
import { changesOf } from './benchmark.ts'

/** What is used here of millrace/delta. */
interface Library {
  openLake(lake: string): Promise<Lake>
}

interface Lake extends AsyncDisposable {
  table(name: string): {
    upsert(rows: Iterable<object>, options: { readonly key: readonly string[] }): Promise<unknown>
  }
}

/**
 * Puts one batch of changes into a table, by a library that has put another into it before. Its own CPU time is a
 * figure: the whole process's has the reading of all rows in it, by which the tables are compared.
 */
export async function changeOnce(prepare: (table: Snapshot) => Promise<unknown>): Promise<void> {
  const { input, output, variant, size } = job()
  await cp(join(input, 'items'), join(output, 'items'), { recursive: true })
  const ref = { store: await openLake(output), path: 'items' }
  const connection = await (await openDuckDB({ files: 'all' })).connect()
  const batch = async (n: number) =>
    (await connection.runAndReadAll(changesOf(variant, size, n))).getRowObjectsJS() as object[]
  await prepare((await openTable(ref)) as Snapshot)
  const library = (await import(LIBRARY)) as Library
  await using lake = await library.openLake(output)
  const table = lake.table('items')
  await table.upsert(await batch(0), { key: ['id'] })
  const before = (await openTable(ref)) as Snapshot
  const changes = await batch(1)
  await ready()
  const started = process.cpuUsage()
  await table.upsert(changes, { key: ['id'] })
  const { user, system } = process.cpuUsage(started)
  const after = (await openTable(ref)) as Snapshot
  const stateOf = (files: Snapshot['files']) =>
    new Map([...files.values()].map(({ path, deletionVector }) => [path + JSON.stringify(deletionVector), path]))
  const left = stateOf(after.files)
  const touched = [...stateOf(before.files).keys()].filter((state) => !left.has(state)).length
  report({ figures: { 'files before': before.files.size, 'files touched': touched, 'CPU ms': (user + system) / 1000 } })
  const sums = await withScan(planScan(after), connection, (rows) =>
    connection.runAndReadAll(
      `SELECT count(*)::BIGINT AS rows, sum(hash(id, name, price, made))::VARCHAR AS sum FROM (${rows})`,
    ),
  )
  await writeFile(join(output, 'answer.jsonl'), JSON.stringify(sums.getRowObjectsJson()[0]))
}

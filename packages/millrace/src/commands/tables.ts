import type { Snapshot } from '@millrace/lake'
import type { Command, Run } from '../command.ts'

const run: Run = async ({ values }, args, io) => {
  const { listTables, openLake, openTable, tableHistory } = await import('@millrace/lake')
  const store = await openLake(values.lake)
  const found = (await listTables(store)).map(async (path) => {
    const [snapshot, [last]] = await Promise.all([openTable({ store, path }), tableHistory({ store, path }, 1)])
    return snapshot && { table: path, ...sizesOf(snapshot), changed: last && new Date(last.time).toISOString() }
  })
  const tables = (await Promise.all(found)).filter((table) => table !== undefined)
  if (args.switch('--json')) io.json(tables)
  else
    await io.table(
      COLUMNS,
      tables.map((table) => COLUMNS.map((column) => table[column])),
    )
  return 0
}

const COLUMNS = ['table', 'version', 'files', 'bytes', 'rows', 'changed'] as const

function sizesOf({ version, files }: Snapshot) {
  let [rows, bytes] = [0n, 0]
  for (const { stats, size } of files.values()) {
    rows += BigInt(/"numRecords":\s*(\d+)/.exec(stats ?? '')?.[1] ?? 0)
    bytes += size
  }
  return { version, files: files.size, bytes, rows: Number(rows) }
}

export const tables: Command = {
  about: 'Lists the tables of the lake: version, files, bytes, rows by the statistics of the files, last change.',
  settings: ['lake'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [{ command: 'millrace tables', does: 'what is in ./lake?' }],
  run,
}

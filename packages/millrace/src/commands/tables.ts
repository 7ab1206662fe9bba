import { systemRuntime } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { Command, Io, Run } from '../command.ts'

const run: Run = async ({ values }, args, io) => {
  const [{ openLake }, { listTables, openTable, tableHistory }] = await Promise.all([
    import('@millrace/store'),
    import('@millrace/delta'),
  ])
  const store = await openLake(values.lake)
  const found = (await listTables(store)).map(async (path) => {
    const [snapshot, [last]] = await Promise.all([openTable({ store, path }), tableHistory({ store, path }, 1)])
    return snapshot && { table: path, ...sizesOf(snapshot), changed: last && new Date(last.time).toISOString() }
  })
  const tables = (await Promise.all(found)).filter((table) => table !== undefined)
  if (args.switch('--json')) io.json(tables)
  else await print(tables, io)
  return 0
}

type Listed = ReturnType<typeof sizesOf> & { readonly table: string; readonly changed: string | undefined }

const COLUMNS = ['table', 'rows', 'files', 'size', 'version', 'changed']

async function print(tables: readonly Listed[], io: Io): Promise<void> {
  const { agoInWords, bytesInWords, exactCountInWords } = await import('@millrace/watch')
  const now = systemRuntime.now()
  const rows = tables.map(({ table, rows, files, bytes, version, changed }) => {
    const ago = changed && agoInWords(Date.parse(changed), now)
    return [table, exactCountInWords(rows), exactCountInWords(files), bytesInWords(bytes), version, ago]
  })
  await io.table(COLUMNS, rows, {
    right: ['rows', 'files', 'size', 'changed'],
    colour: (column, row) => (column === 'table' && isFilledQuarantine(tables[row]) ? 'yellow' : undefined),
  })
}

function isFilledQuarantine(listed: Listed | undefined): boolean {
  return listed?.table.endsWith('_quarantine') === true && listed.rows > 0
}

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

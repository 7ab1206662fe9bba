import { MillraceError, systemRuntime } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import type { Command, Io, Run } from '../command.ts'

const run: Run = async ({ values }, args, io) => {
  const [{ openLake }, { listTables }] = await Promise.all([import('@millrace/store'), import('@millrace/delta')])
  const store = await openLake(values.lake, { allowPaths: values.allowPath })
  const found = await Promise.all((await listTables(store)).map((path) => listed(store, path)))
  const tables = found.filter((table) => table !== undefined)
  if (args.switch('--json')) io.json(tables)
  else await print(tables, io)
  return 0
}

interface Readable {
  readonly table: string
  readonly version: number
  readonly files: number
  readonly bytes: number
  readonly rows: number
  readonly changed: string | undefined
}

/** A table that can't be opened is no reason not to list its neighbours. */
interface Unreadable {
  readonly table: string
  readonly problem: string
}

async function listed(store: ObjectStore, path: string): Promise<Readable | Unreadable | undefined> {
  const { openTable, tableHistory } = await import('@millrace/delta')
  try {
    const [snapshot, [last]] = await Promise.all([openTable({ store, path }), tableHistory({ store, path }, 1)])
    if (!snapshot) return undefined
    const { version, files } = snapshot
    const bytes = files.values().reduce((sum, { size }) => sum + size, 0)
    const rows = Number(await rowsOf(snapshot))
    return { table: path, version, files: files.size, bytes, rows, changed: last && new Date(last.time).toISOString() }
  } catch (error) {
    if (error instanceof MillraceError) return { table: path, problem: `${error.code}: ${error.message}` }
    throw error
  }
}

/** Returns the number of rows by the log's statistics, or by footers for files without them. */
async function rowsOf(snapshot: Snapshot): Promise<bigint> {
  const { planScan, rowsByLog, withScan } = await import('@millrace/delta')
  const rows = rowsByLog(snapshot)
  if (rows !== undefined) return rows
  const { filesOf, openDuckDB } = await import('@millrace/engine')
  const engine = await openDuckDB({ files: filesOf(snapshot.table.store), threads: 1 })
  try {
    const connection = await engine.connect()
    const scan = planScan(snapshot, { columns: [] })
    const reader = await withScan(scan, connection, (sql) => connection.runAndReadAll(`SELECT count(*) FROM (${sql})`))
    return BigInt(String(reader.getRows()[0]?.[0] ?? 0))
  } finally {
    engine.close()
  }
}

const COLUMNS = ['table', 'rows', 'files', 'size', 'version', 'changed']

async function print(tables: readonly (Readable | Unreadable)[], io: Io): Promise<void> {
  const { agoInWords, bytesInWords, exactCountInWords } = await import('@millrace/watch')
  const now = systemRuntime.now()
  const readable = tables.filter((table) => 'version' in table)
  const rows = readable.map(({ table, rows: count, files, bytes, version, changed }) => {
    const ago = changed && agoInWords(Date.parse(changed), now)
    return [table, exactCountInWords(count), exactCountInWords(files), bytesInWords(bytes), version, ago]
  })
  await io.table(COLUMNS, rows, {
    right: ['rows', 'files', 'size', 'changed'],
    colour: (column, row) => (column === 'table' && isFilledQuarantine(readable[row]) ? 'yellow' : undefined),
  })
  for (const table of tables) if ('problem' in table) io.note(`${table.table} can't be read: ${table.problem}`)
}

function isFilledQuarantine(table: Readable | undefined): boolean {
  return table?.table.endsWith('_quarantine') === true && table.rows > 0
}

export const tables: Command = {
  about: 'Lists the tables of the lake: version, files, bytes, rows by the statistics of the files, last change.',
  settings: ['lake', 'allowPath'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [{ command: 'millrace tables', does: 'what is in ./lake?' }],
  run,
}

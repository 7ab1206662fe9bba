import { createReadStream } from 'node:fs'
import { extname, join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { text } from 'node:stream/consumers'
import { MillraceError, openWorkFolder } from '@millrace/base'
import type { Sink, SqlResult, SqlSession } from '@millrace/queries'
import type { Arguments } from '../arguments.ts'
import { asOfOption } from '../as-of.ts'
import type { Command, Io, Run } from '../command.ts'
import { withOutputFile, withOutputPath } from '../output-file.ts'

const FORMATS = ['table', 'json', 'csv', 'markdown', 'arrow', 'parquet'] as const

type Format = (typeof FORMATS)[number] | 'safe csv'

/** Parquet is written by DuckDB itself. */
type StreamedFormat = Exclude<Format, 'parquet'>

const run: Run = async ({ values }, args, io) => {
  const { openSql } = await import('@millrace/queries')
  const [exported, file] = [args.text('--export'), args.text('--output')]
  const format = chosenFormat(args, file)
  if (exported !== undefined) return exportTo(exported, values.lake, io)
  const asked = args.positionals[0] === undefined && process.stdin.isTTY && io.interactive && file === undefined
  await using session = await openSql(values.lake, {
    asOf: await asOfOption(args),
    allowPaths: values.allowPath,
    tables: values.tables,
    writes: true,
    explains: args.switch('--explain'),
  })
  if (asked) {
    const [{ historyFile, runPrompt }, { screen }] = await Promise.all([
      import('../prompt/prompt.ts'),
      import('../terminal/screen.ts'),
    ])
    return await runPrompt({ session, io, ...screen, historyFile: historyFile() })
  }
  const sql = args.positionals[0] ?? (await readInput(io.signal))
  if (sql.trim() === '')
    throw new MillraceError('USAGE', 'there is no SQL: give it as an argument or on standard input')
  const stop = () => session.interrupt()
  io.signal.addEventListener('abort', stop, { once: true })
  await unlessStopped(write(session, sql, format, file, io), io.signal)
  return 0
}

async function exportTo(file: string, lake: string, io: Io): Promise<number> {
  if (await isThere(file)) {
    throw new MillraceError('USAGE', `${file} is there already`, { next: 'Name another file, or remove it.' })
  }
  const { exportViews } = await import('@millrace/queries')
  const tables = await withOutputPath(file, (path) => exportViews(lake, path))
  io.line(`${file} has a view of ${tables.join(', ') || 'nothing: there is no table'}`)
  return 0
}

/** A link that leads nowhere is there as well. */
async function isThere(file: string): Promise<boolean> {
  const { lstat } = await import('node:fs/promises')
  return lstat(file).then(
    () => true,
    () => false,
  )
}

const ENDINGS: Readonly<Record<string, Format>> = {
  '.txt': 'table',
  '.json': 'json',
  '.csv': 'csv',
  '.md': 'markdown',
  '.arrow': 'arrow',
  '.parquet': 'parquet',
}

function chosenFormat(args: Arguments, file: string | undefined): Format {
  const said = args.choice('--format', FORMATS)
  if (!args.switch('--safe-csv')) return said ?? formatOf(file)
  const format = said ?? (file === undefined ? 'csv' : formatOf(file))
  if (format === 'csv') return 'safe csv'
  throw new MillraceError('USAGE', `--safe-csv is for csv, and this is ${format}`)
}

function formatOf(file: string | undefined): Format {
  const ending = extname(file ?? '').toLowerCase()
  if (ending === '' || file?.startsWith('/dev/')) return 'table'
  const format = ENDINGS[ending]
  if (format !== undefined) return format
  throw new MillraceError('USAGE', `${file}: there is no format for files that end in ${ending}`, {
    next: `Endings are ${Object.keys(ENDINGS).join(', ')}; or name a format by --format. Spreadsheets read .csv.`,
  })
}

async function readInput(signal: AbortSignal): Promise<string> {
  return process.stdin.isTTY ? '' : await text(addAbortSignal(signal, process.stdin))
}

/** A query has nothing to finish: Ctrl-C ends it where it is. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    work.then(settle, (error) => fail(signal.aborted ? signal.reason : error))
  })
}

async function write(session: SqlSession, sql: string, format: Format, file: string | undefined, io: Io) {
  if (format === 'parquet') return writeParquet(session, sql, file, io)
  if (format === 'arrow' && file === undefined && io.interactive) throw noScreen(format)
  const into = (sink: Sink) => writeResults(session, sql, format, sink, io)
  // A table has escaped what it holds, and has colours of its own.
  await (file === undefined ? into(format === 'table' ? io.write : io.writeForeign) : withOutputFile(file, into))
}

/** Writes the results of all statements that have one, with an empty line between them. */
async function writeResults(session: SqlSession, sql: string, format: StreamedFormat, sink: Sink, io: Io) {
  let written = 0
  await session.run(sql, async (result) => {
    if (result.columns.length === 0) return
    if (written++ > 0) {
      if (format === 'arrow') throw new MillraceError('USAGE', 'an Arrow file holds one result', { next: ONE_SELECT })
      await sink('\n')
    }
    await writeAs(format, result, sink, io)
  })
}

const ONE_SELECT = 'Give one SELECT, or choose json, csv, table or markdown.'

async function writeParquet(session: SqlSession, sql: string, file: string | undefined, io: Io): Promise<void> {
  if (file !== undefined) return withOutputPath(file, async (path) => void (await session.writeParquet(sql, path)))
  if (io.interactive) throw noScreen('parquet')
  const folder = await openWorkFolder()
  try {
    const made = join(folder.path, 'result.parquet')
    await session.writeParquet(sql, made)
    for await (const part of createReadStream(made)) await io.write(part)
  } finally {
    await folder.close()
  }
}

function noScreen(format: Format): MillraceError {
  return new MillraceError('USAGE', `${format} is nothing to read on a screen`, {
    next: 'Name a file by -o, or send it into a pipe.',
  })
}

/** Number of rows whose columns are aligned together. */
const TABLE_ROWS = 5000

async function writeAs(format: StreamedFormat, result: SqlResult, sink: Sink, io: Io): Promise<void> {
  const { FORMATS: writers, rowsOf } = await import('@millrace/queries')
  if (format !== 'table') return void (await writers[format](result, sink))
  const { formatTable } = await import('../terminal/table.ts')
  const columns = result.columns.map(({ name }) => name)
  const layout = { width: io.width, heading: (text: string) => io.style('bold', text) }
  let [rows, isFirst] = [[] as unknown[][], true]
  for await (const more of rowsOf(result)) {
    rows.push(...more)
    if (rows.length < TABLE_ROWS) continue
    await sink(formatTable(columns, rows.splice(0), layout))
    isFirst = false
  }
  if (isFirst || rows.length > 0) await sink(formatTable(columns, rows, layout))
}

export const sql: Command = {
  about:
    "Runs SQL over the lake's tables, or asks for it line by line: SELECT, and DELETE, UPDATE, INSERT and MERGE, each of them one commit. A table is opened only when the SQL names it. Older versions: FROM orders AT (VERSION => 3), or AT (TIMESTAMP => '2026-01-31').",
  positionals: ['[sql]'],
  settings: ['lake', 'tables', 'allowPath'],
  options: [
    {
      flag: '--format',
      value: 'NAME',
      choices: FORMATS,
      description: `${FORMATS.join(', ')}; unless said by the ending of the file, else table`,
    },
    { flag: '--output', short: '-o', value: 'FILE', description: 'where to (standard output)' },
    {
      flag: '--safe-csv',
      description:
        "csv for spreadsheets: what begins like a formula (= + - @) gets a ' before it, control characters are written out",
    },
    {
      flag: '--as-of',
      value: 'VERSION-OR-TIME',
      description: 'the tables as they were then; a time without a zone is UTC',
    },
    {
      flag: '--explain',
      description: 'what a statement would do: rows and files that DELETE, UPDATE, INSERT and MERGE would change',
    },
    { flag: '--export', value: 'FILE', description: 'a DuckDB file with a view of every table, for other programs' },
  ],
  examples: [
    { command: 'millrace sql', does: 'a prompt' },
    { command: 'millrace sql "select count(*) from orders"', does: 'count the orders' },
    { command: 'millrace sql --as-of 3 "select count(*) from orders"', does: 'as it was at version 3' },
    { command: 'millrace sql --explain "delete from orders where id = 7"', does: 'what that would change' },
    { command: 'millrace sql "select * from orders" -o orders.parquet', does: 'take a table along' },
    { command: 'millrace sql "select * from orders" --safe-csv -o orders.csv', does: 'for a spreadsheet' },
    { command: 'millrace sql --export lake.duckdb', does: 'for the duckdb command and what speaks to it' },
  ],
  run,
}

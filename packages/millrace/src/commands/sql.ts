import { addAbortSignal } from 'node:stream'
import { text } from 'node:stream/consumers'
import { MillraceError } from '@millrace/base'
import type { AsOf, QueryResult } from '@millrace/queries'
import type { Arguments } from '../arguments.ts'
import type { Command, Io, Run } from '../command.ts'

const FORMATS = ['table', 'json', 'csv'] as const

const run: Run = async ({ values }, args, io) => {
  const format = args.choice('--format', FORMATS) ?? 'table'
  const sql = args.positionals[0] ?? (await readInput(io.signal))
  if (sql.trim() === '')
    throw new MillraceError('USAGE', 'there is no SQL: give it as an argument or on standard input')
  const { runSql } = await import('@millrace/queries')
  await print(await unlessStopped(runSql(values.lake, sql, asOfOption(args)), io.signal), format, io)
  return 0
}

/** A whole number is a version; anything else has to be a time. */
function asOfOption(args: Arguments): { asOf?: AsOf } {
  const text = args.text('--as-of')
  if (text === undefined) return {}
  if (/^\d+$/.test(text)) return { asOf: { version: Number(text) } }
  const time = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`)
  if (Number.isNaN(time)) {
    throw new MillraceError('USAGE', `--as-of takes a version or a time such as 2026-01-31T12:00:00Z, not ${text}`)
  }
  return { asOf: { time } }
}

async function readInput(signal: AbortSignal): Promise<string> {
  return process.stdin.isTTY ? '' : await text(addAbortSignal(signal, process.stdin))
}

/** A query has nothing to finish: Ctrl-C ends it where it is. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    work.then(settle, fail)
  })
}

async function print({ columns, rows }: QueryResult, format: (typeof FORMATS)[number], io: Io): Promise<void> {
  if (format === 'table') return io.table(columns, rows)
  if (format === 'json') return io.json(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))))
  for (const row of [columns, ...rows]) await io.write(`${row.map(csvCell).join(',')}\n`)
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const cell = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

export const sql: Command = {
  about: "Runs one SQL statement over the lake's tables. A table is opened only when the SQL names it.",
  positionals: ['[sql]'],
  settings: ['lake'],
  options: [
    { flag: '--format', value: 'NAME', description: 'table, json (one array of objects) or csv (with a header)' },
    {
      flag: '--as-of',
      value: 'VERSION-OR-TIME',
      description: 'the tables as they were then; a time without a zone is UTC',
    },
  ],
  examples: [
    { command: 'millrace sql "select count(*) from pin"', does: 'count the posts' },
    { command: 'millrace sql --as-of 3 "select count(*) from pin"', does: 'as it was at version 3' },
    { command: 'millrace sql --format csv "select * from geo" > geo.csv', does: 'take a table along' },
  ],
  run,
}

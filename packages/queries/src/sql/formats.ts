import { DuckDBTypeId, JsonDuckDBValueConverter } from '@duckdb/node-api'
import { escapeControls } from '@millrace/base'
import { jsonValue } from './json.ts'
import type { ResultColumn, SqlResult } from './session.ts'
import type { Sink } from './sink.ts'

/** Writes a result part by part. Returns the number of rows. */
export type WriteResult = (result: SqlResult, sink: Sink) => Promise<number>

export const FORMATS: Readonly<Record<'json' | 'csv' | 'safe csv' | 'markdown' | 'arrow', WriteResult>> = {
  json: writeJson,
  csv: (result, sink) => writeCsv(result, sink, csvCell),
  /** CSV for spreadsheets: it has no formulas, and no control characters except line breaks and tabs. */
  'safe csv': (result, sink) => writeCsv(result, sink, safeCell),
  markdown: writeMarkdown,
  // The library of Arrow is large, so it is loaded only when needed.
  arrow: async (result, sink) => (await import('./arrow.ts')).writeArrow(result, sink),
}

/** Yields rows as JSON values. Whole numbers that a number can't hold are text, times are ISO 8601 in UTC. */
export async function* rowsOf({ columns, chunks }: Pick<SqlResult, 'columns' | 'chunks'>): AsyncGenerator<unknown[][]> {
  for await (const chunk of chunks()) {
    const rows = chunk.convertRows(JsonDuckDBValueConverter)
    yield rows.map((row) => row.map((value, i) => (value === null ? null : jsonOf(value, columns[i]))))
  }
}

function jsonOf(value: Parameters<typeof jsonValue>[0], column: ResultColumn | undefined): unknown {
  return column ? jsonValue(value, column.type) : value
}

async function writeJson(result: SqlResult, sink: Sink): Promise<number> {
  const names = result.columns.map(({ name }) => JSON.stringify(name))
  let count = 0
  for await (const rows of rowsOf(result)) {
    const texts = rows.map((row) => `{${names.map((name, i) => `${name}:${JSON.stringify(row[i])}`).join(',')}}`)
    if (texts.length > 0) await sink(`${count === 0 ? '[' : ',\n'}${texts.join(',\n')}`)
    count += rows.length
  }
  await sink(count === 0 ? '[]\n' : ']\n')
  return count
}

function writeCsv(result: SqlResult, sink: Sink, cellOf: (value: unknown) => string): Promise<number> {
  const head = result.columns.map(({ name }) => cellOf(name)).join(',')
  return writeLines(result, sink, `${head}\n`, (row) => row.map(cellOf).join(','))
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const cell = textOf(value)
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Matches cells that spreadsheets read as formulas, including those with full-width signs. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** Returns a cell. It puts an apostrophe before formulas, so that they are text. */
function safeCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = textOf(value)
  const cell = escapeControls(text, '\n\t')
  return csvCell(FORMULA.test(text) && !NUMBER.test(text) ? `'${cell}` : cell)
}

function writeMarkdown(result: SqlResult, sink: Sink): Promise<number> {
  const names = result.columns.map(({ name }) => markdownCell(name)).join(' | ')
  const rules = result.columns.map(({ type }) => (NUMBERS.has(type.typeId) ? '---:' : '---')).join(' | ')
  return writeLines(result, sink, `| ${names} |\n| ${rules} |\n`, (row) => `| ${row.map(markdownCell).join(' | ')} |`)
}

const NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])

/** Returns a cell with Markdown's special characters escaped. */
function markdownCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return textOf(value)
    .replace(/[\\|`*_[\]<>&~]/g, '\\$&')
    .replace(/\s*\n\s*/g, ' ')
}

async function writeLines(
  result: SqlResult,
  sink: Sink,
  head: string,
  line: (row: readonly unknown[]) => string,
): Promise<number> {
  await sink(head)
  let count = 0
  for await (const rows of rowsOf(result)) {
    if (rows.length > 0) await sink(`${rows.map(line).join('\n')}\n`)
    count += rows.length
  }
  return count
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

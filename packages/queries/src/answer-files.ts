import { chmod, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { duckdbType } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import type { Answer } from './answers.ts'

const ENDINGS = ['json', 'csv', 'parquet', 'arrow'] as const

/** Writes an answer as `<id>.json`, `.csv`, `.arrow` and `.parquet` into `folder`. Only their owner can read the files. */
export async function writeAnswerFiles(answer: Answer, folder: string, connection: DuckDBConnection): Promise<void> {
  const path = (ending: (typeof ENDINGS)[number]) => join(folder, `${answer.question.id}.${ending}`)
  await writeFile(path('json'), `${JSON.stringify(asObjects(answer), null, 2)}\n`)
  const rows = answerSql(answer)
  await connection.run(`COPY (${rows}) TO ${quoteText(path('csv'))} (FORMAT csv, HEADER)`)
  await connection.run(`COPY (${rows}) TO ${quoteText(path('parquet'))} (FORMAT parquet, COMPRESSION zstd)`)
  await writeArrowFile(rows, path('arrow'), connection)
  await Promise.all(ENDINGS.map((ending) => chmod(path(ending), 0o600)))
}

function asObjects({ columns, rows }: Answer): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
}

/** Returns a SELECT that gives the answer's rows in order, with its columns and types. */
export function answerSql({ columns, rows, question }: Answer): string {
  const names = columns.map(({ name }) => quoteName(name))
  const casts = columns.map(({ name, type }) => `CAST(${quoteName(name)} AS ${duckdbType(type)}) AS ${quoteName(name)}`)
  if (rows.length === 0) {
    return `SELECT ${columns.map(({ name, type }) => `NULL::${duckdbType(type)} AS ${quoteName(name)}`).join(', ')} WHERE false`
  }
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`)
  return `SELECT ${casts.join(', ')} FROM (VALUES ${values.join(', ')}) AS answer (${names.join(', ')}) ${question.order}`
}

/** Returns a value as a text literal. A cast around it restores the type. */
function literal(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : quoteText(String(value))
}

/** Loads what is large of it, so that it is there when the first answer is written. */
export async function loadAnswerFormats(): Promise<void> {
  await import('./sql/arrow.ts')
}

/** Writes rows as an Arrow IPC file, which pyarrow, polars and DuckDB read. */
async function writeArrowFile(sql: string, path: string, connection: DuckDBConnection): Promise<void> {
  const { writeArrow } = await import('./sql/arrow.ts')
  const result = await connection.stream(sql)
  const columns = result.columnNames().map((name, i) => ({ name, type: result.columnType(i) }))
  await using file = await open(path, 'w', 0o600)
  await writeArrow({ columns, chunks: () => result }, async (part) => {
    await file.writeFile(part)
  })
}

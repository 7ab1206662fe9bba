import { readFile } from 'node:fs/promises'
import { MillraceError, parseWithLongText } from '@millrace/base'

/** A row by column, with values as JSON has them. */
export type Row = Readonly<Record<string, unknown>>

export async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}

/** Reads objects, one a line. `name` is what an error calls the file. */
export async function readJsonLines(file: string, name: string): Promise<Row[]> {
  return (await linesOf(file)).map((line, i) => objectIn(line, `${name}, line ${i + 1}`))
}

function objectIn(line: string, where: string): Row {
  const value = parse(line, where)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row
  throw new MillraceError('DATASET_INVALID', `${where} is not an object`)
}

function parse(line: string, where: string): unknown {
  try {
    return parseWithLongText(line)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `${where} is not JSON: ${why}`, { cause })
  }
}

export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

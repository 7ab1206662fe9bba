import { exactNumber, MillraceError } from '@millrace/base'
import type { Rows } from './database.ts'

export type Row = Readonly<Record<string, unknown>>

/** What MySQL says of the columns. */
export type Fields = readonly {
  readonly name: string
  readonly columnType?: number | undefined
  readonly type?: number | undefined
}[]

/** By the numbers of MySQL's protocol: these come as text where JavaScript's numbers would round them. */
const [DECIMAL, BIGINT, NEW_DECIMAL] = [0, 8, 246]
const EXACT = new Set<number | undefined>([DECIMAL, BIGINT, NEW_DECIMAL])

/** Rows as the JSON that the old emulators sent: numbers as numbers, dates and times as MySQL writes them. */
export function encodeRows({ rows, fields }: Rows): Uint8Array[] {
  const exact = fields.filter((field) => EXACT.has(field.columnType ?? field.type)).map(({ name }) => name)
  return rows.map((row) => Buffer.from(JSON.stringify(plain(row, exact))))
}

function plain(row: Row, exact: readonly string[]): Row {
  for (const name of exact) {
    if (typeof row[name] === 'string') return plain({ ...row, [name]: exactNumber(row[name]) }, exact)
  }
  for (const name in row) {
    if (row[name] instanceof Uint8Array) {
      throw new MillraceError('SOURCE_UNSUPPORTED', `column ${name} is binary: JSON has no place for it`, {
        next: 'Leave it out by a view, and name that: ?pin=VIEW.',
      })
    }
  }
  return row
}

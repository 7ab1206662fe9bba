import { exactNumber, MillraceError } from '@millrace/base'

export type Row = Readonly<Record<string, unknown>>

interface Field {
  readonly name: string
  readonly columnType?: number | undefined
  readonly type?: number | undefined
}

/** MySQL's description of the columns. */
export type Fields = readonly Field[]

export interface Rows {
  readonly rows: readonly Row[]
  readonly fields: Fields
}

/** Column types by their numbers in MySQL's protocol. They arrive as text if a JavaScript number would round them. */
const [DECIMAL, BIGINT, NEW_DECIMAL] = [0, 8, 246]
const EXACT = new Set([DECIMAL, BIGINT, NEW_DECIMAL])

/** Encodes rows as the JSON that the old emulators sent: numbers as numbers, dates and times as MySQL writes them. */
export function encodeRows({ rows, fields }: Rows): Uint8Array[] {
  const exact = fields.filter((field) => EXACT.has(field.columnType ?? field.type ?? -1)).map(({ name }) => name)
  const names = fields.map(({ name }) => name)
  return rows.map((row) => {
    refuseBinary(row, names)
    return Buffer.from(JSON.stringify(exact.length === 0 ? row : withExact(row, exact)))
  })
}

function refuseBinary(row: Row, names: readonly string[]): void {
  for (const name of names) {
    const value = row[name]
    if (typeof value !== 'object' || !(value instanceof Uint8Array)) continue
    throw new MillraceError('SOURCE_UNSUPPORTED', `column ${name} is binary: JSON has no place for it`, {
      next: 'Leave it out by a view, and name that: ?DATASET=VIEW.',
    })
  }
}

function withExact(row: Row, exact: readonly string[]): Row {
  const changed = exact.filter((name) => typeof row[name] === 'string')
  return { ...row, ...Object.fromEntries(changed.map((name) => [name, exactNumber(row[name] as string)])) }
}

import { unsuited } from '../server/server.ts'
import { type Cursor, isSet, packed, take, unsigned } from './cursor.ts'
import type { LogColumn, TableMap } from './table-map.ts'
import { type Decode, readValue } from './values.ts'

/** A row as JSON: the text of each column's value. */
export type RowTexts = readonly string[]

/** What happened to a row. */
export interface RowChange {
  readonly before: RowTexts | undefined
  readonly after: RowTexts | undefined
}

const WRITE: readonly number[] = [23, 30]
const UPDATE: readonly number[] = [24, 31]
const DELETE: readonly number[] = [25, 32]
const SECOND_VERSION = 30
const UNREADABLE: Readonly<Record<number, string>> = {
  39: "SET GLOBAL binlog_row_value_options = ''.",
  40: 'SET GLOBAL binlog_transaction_compression = OFF.',
  165: 'SET GLOBAL log_bin_compress = OFF.',
  166: 'SET GLOBAL log_bin_compress = OFF.',
  167: 'SET GLOBAL log_bin_compress = OFF.',
  168: 'SET GLOBAL log_bin_compress = OFF.',
  169: 'SET GLOBAL log_bin_compress = OFF.',
  170: 'SET GLOBAL log_bin_compress = OFF.',
  171: 'SET GLOBAL log_bin_compress = OFF.',
}

export function holdsRows(type: number): boolean {
  return WRITE.includes(type) || UPDATE.includes(type) || DELETE.includes(type)
}

/** Fails for an event that may hold changes and can't be read. */
export function refuseUnreadable(type: number): void {
  const next = UNREADABLE[type]
  if (next !== undefined) throw unsuited(`its log has compressed or partial events (type ${type})`, next)
}

/** Returns the number of the table that an event is about, and whether it is the last one of its statement. */
export function rowsHead(body: Buffer): { readonly table: number; readonly isLast: boolean } {
  return { table: body.readUIntLE(0, 6), isLast: (body.readUInt16LE(6) & 1) !== 0 }
}

/** Reads the rows of an event. */
export function* readRows(type: number, body: Buffer, map: TableMap, decode: Decode): Generator<RowChange> {
  const { columns } = map
  const name = `${map.database}.${map.table}`
  if (!columns) {
    throw unsuited(
      `changes of ${name} come without the names of columns`,
      'SET GLOBAL binlog_row_metadata = FULL, and read the table anew with a new group.',
    )
  }
  const from: Cursor = { bytes: body, at: 8 }
  if (type >= SECOND_VERSION) take(from, unsigned(from, 2) - 2)
  const count = packed(from)
  const bitmap = () => {
    const bits = take(from, (count + 7) >> 3)
    for (let i = 0; i < count; i++) if (!isSet(bits, i)) throw incomplete(name)
  }
  bitmap()
  const isUpdate = UPDATE.includes(type)
  if (isUpdate) bitmap()
  while (from.at < body.length) {
    const first = readRow(from, columns, decode)
    if (isUpdate) yield { before: first, after: readRow(from, columns, decode) }
    else if (WRITE.includes(type)) yield { before: undefined, after: first }
    else yield { before: first, after: undefined }
  }
}

function incomplete(table: string) {
  return unsuited(
    `changes of ${table} come without all columns: binlog_row_image was not FULL`,
    'SET GLOBAL binlog_row_image = FULL, connect its clients anew, and read the table anew with a new group.',
  )
}

function readRow(from: Cursor, columns: readonly LogColumn[], decode: Decode): RowTexts {
  const nulls = take(from, (columns.length + 7) >> 3)
  return columns.map((column, i) => (isSet(nulls, i) ? 'null' : readValue(from, column, decode)))
}

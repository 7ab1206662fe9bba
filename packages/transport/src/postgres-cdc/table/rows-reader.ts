import { CHUNK_ROWS, keyAtPlace, placeBehind } from '../../tables/row-place.ts'
import { envelope } from '../envelope.ts'
import type { PlacedMessage } from '../messages.ts'
import type { Place, RowsPlace } from '../position.ts'
import { isFlooded } from '../server/postgres-error.ts'
import { quoteName, type Raw, type Server } from '../server/server.ts'
import { quoteTable, type Table } from './table.ts'
import type { Types } from './types.ts'

/** Rows of a table as messages. */
export interface Rows {
  readonly messages: readonly PlacedMessage[]
  readonly next: Place
  /** The last key. */
  readonly last: readonly string[] | undefined
  /** How many rows the next statement is to read. */
  readonly limit: number
}

/** Maximum size of the rows that a statement reads, and of a row. */
const [LARGEST_PORTION, LARGEST_ROW] = [64 << 20, 512 << 20]

/**
 * Reads the next rows of the table by its key, each portion in a statement of its own: no lock, no long transaction. What
 * changes meanwhile is in the log, which is read from where it was before the first row; a row that is newer than
 * that goes through its changes once more and ends as it is.
 */
export async function readNextRows(
  server: Server,
  database: string,
  table: Table,
  types: Types,
  place: RowsPlace,
  known: readonly string[] | undefined,
  limit: number,
  maxBytes: number,
): Promise<Rows> {
  const { columns, key, schema, name } = table
  const after = known ?? keyAtPlace(key, place.next)
  const order = key.map((column) => quoteName(column.name)).join(', ')
  const values = key.map(({ sqlType }, i) => `$${i + 1}::${sqlType}`).join(', ')
  const { rows, asked } = await portionOf(
    server,
    `SELECT ${columns.map((column) => quoteName(column.name)).join(', ')} FROM ${quoteTable(table)}
     ${after ? `WHERE (${order}) > (${values})` : ''} ORDER BY ${order} LIMIT`,
    after ?? [],
    limit,
  )
  await types.learn(columns.map(({ type }) => type))
  const origin = { database, schema, table: name, lsn: place.lsn, isSnapshot: true, time: Number(place.time) }
  const messages: PlacedMessage[] = []
  let next: RowsPlace = place
  let last: readonly string[] | undefined
  let bytes = 0
  for (const row of rows) {
    const texts = columns.map(({ type }, i) => jsonOf(row[i], types.of(type)))
    const whole = columns.map((column, i) => `${JSON.stringify(column.name)}:${texts[i]}`)
    const value = envelope('r', 'null', `{${whole.join(',')}}`, origin)
    if (messages.length > 0 && bytes + value.length > maxBytes) break
    bytes += value.length
    const places = key.map((column) => columns.indexOf(column))
    messages.push({ key: `{${places.map((i) => whole[i]).join(',')}}`, value, at: next })
    last = places.map((i) => row[i] ?? '')
    next = { ...place, next: placeBehind(key, last, next.next) }
  }
  // A portion that is not full is the last one. Rows that are inserted after it are in the log, so reading a growing table ends too.
  const isEnd = rows.length < asked && messages.length === rows.length
  const fitting = Math.floor((LARGEST_PORTION / 2 / Math.max(1, bytes)) * messages.length)
  return {
    messages,
    next: isEnd ? { ...place, phase: 'log', next: 0n } : next,
    last,
    limit: Math.max(1, Math.min(CHUNK_ROWS, fitting)),
  }
}

/** Reads as many rows as were asked for, or fewer where they are too large for one answer. */
async function portionOf(server: Server, sql: string, after: readonly string[], limit: number) {
  for (let asked = limit; ; asked = Math.max(1, asked >> 3)) {
    try {
      const rows = await server.rows(`${sql} ${asked}`, after, asked === 1 ? LARGEST_ROW : LARGEST_PORTION)
      return { rows, asked }
    } catch (error) {
      if (asked === 1 || !isFlooded(error)) throw error
    }
  }
}

const jsonOf = (value: Raw | undefined, json: (text: string) => string) => (value == null ? 'null' : json(value))

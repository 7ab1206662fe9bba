import type { Message } from '../tables/messages.ts'
import { CHUNK_ROWS, keyAtPlace, placeBehind } from '../tables/row-place.ts'
import { envelope, rowJson } from './envelope.ts'
import { logBehindRows, type Place, type RowsPlace } from './position.ts'
import { quoteName, type Table } from './server/columns.ts'
import { fileName, type Raw, type Server, textOf } from './server/server.ts'

/** Rows of a table as messages. */
export interface Rows {
  readonly messages: readonly Message[]
  readonly places: readonly Place[]
  readonly next: Place
  readonly last: LastKey | undefined
}

/** The key of the last row, as SQL, and its columns: the table may have another key by now. */
export interface LastKey {
  readonly columns: readonly string[]
  readonly values: readonly string[]
}

/** Rows of a portion in memory: thousands of wide ones would be more than there is. */
const MOST_BYTES = 32 << 20

/**
 * Reads the next rows of the table by its key, each portion in a statement of its own: no lock, no long transaction. What
 * changes meanwhile is in the log, which is read from where it was before the first row; a row that is newer than
 * that goes through its changes once more and ends as it is.
 */
export async function readNextRows(
  server: Server,
  base: string,
  table: Table,
  place: RowsPlace,
  known: LastKey | undefined,
  maxBytes: number,
): Promise<Rows> {
  const { columns, key, database, name } = table
  const names = key.map((column) => column.name)
  const isKnown = known?.columns.join() === names.join()
  const after = isKnown ? known?.values : keyAtPlace(key, place.next)
  const order = key.map((column) => quoteName(column.name)).join(', ')
  const first = quoteName(key[0]?.name ?? '')
  const behind = after ? `WHERE ${first} >= ${after[0]} AND (${order}) > (${after.join(', ')})` : ''
  const selected = [...columns.map(({ sql }) => sql), ...key.map(({ literal }) => literal)].join(', ')
  const { rows, isWhole } = await server.firstRows(
    `SELECT ${selected} FROM ${quoteName(database)}.${quoteName(name)} ${behind} ORDER BY ${order} LIMIT ${CHUNK_ROWS}`,
    MOST_BYTES,
    place.server,
  )
  const log = logBehindRows(place)
  if (rows.length === 0) return { messages: [], places: [], next: log, last: undefined }
  const [messages, places]: [Message[], Place[]] = [[], []]
  let next: RowsPlace = place
  let last: LastKey | undefined
  let bytes = 0
  for (const row of rows) {
    const message = messageOf(table, row, fileName(base, place.file), place)
    if (messages.length > 0 && bytes + message.value.length > maxBytes) break
    bytes += message.value.length
    messages.push(message)
    places.push(next)
    const values = row.slice(columns.length).map((value) => textOf(value ?? undefined))
    last = { columns: names, values }
    next = { ...place, next: placeBehind(key, values, next.next) }
  }
  // A portion that is not full is the last one. Rows that are inserted after it are in the log, so reading a growing table ends too.
  const isEnd = isWhole && rows.length < CHUNK_ROWS && messages.length === rows.length
  return { messages, places, next: isEnd ? log : next, last }
}

function messageOf(
  { columns, key, database, name }: Table,
  row: readonly Raw[],
  file: string,
  { pos, time }: RowsPlace,
): Message {
  const texts = columns.map(({ json }, i) => {
    const value = row[i]
    return value ? json(value) : 'null'
  })
  const names = columns.map((column) => column.name)
  const ofKey = key.map((column) => `${JSON.stringify(column.name)}:${texts[columns.indexOf(column)]}`)
  const origin = { database, table: name, file, pos, row: 0, isSnapshot: true, time: Number(time) }
  return { key: `{${ofKey.join(',')}}`, value: envelope('r', 'null', rowJson(names, texts), origin) }
}

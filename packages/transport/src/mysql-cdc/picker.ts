import { createCounter } from './counter.ts'
import type { LogEvent } from './dump.ts'
import { envelope, keyJson, type Message, type Origin, rowJson } from './envelope.ts'
import type { Place } from './position.ts'
import { holdsRows, type RowChange, readRows, refuseUnreadable, rowsHead } from './row-events.ts'
import { fileName, parseFile, unsuited } from './server.ts'
import { readTableMap, type TableMap } from './table-map.ts'
import type { Decode } from './values.ts'

/** A change of the table as a message, and its place. */
export interface LogMessage extends Message {
  readonly time: number
  readonly at: Place
}

const EVENT = {
  query: 2,
  rotate: 4,
  format: 15,
  xid: 16,
  tableMap: 19,
  heartbeat: 27,
  gtid: 33,
  anonymousGtid: 34,
  xaPrepare: 38,
  heartbeat2: 41,
  mariadbGtid: 162,
} as const

/** Statements that change rows; where one is in the log as it was said, its rows are not. */
const STATEMENT = /^\s*(\/\*.*?\*\/\s*)*(INSERT|UPDATE|DELETE|REPLACE|LOAD\s+DATA)\b/is

const WITHIN = /^\s*(BEGIN|START\s+TRANSACTION|SAVEPOINT|ROLLBACK\s+TO|RELEASE\s+SAVEPOINT|XA\s+(START|END))\b/i
const BEGINS: readonly number[] = [EVENT.gtid, EVENT.anonymousGtid, EVENT.mariadbGtid]
const ENDS: readonly number[] = [EVENT.xid, EVENT.xaPrepare]

export interface Picker {
  take(event: LogEvent): void
  place(): Place
}

/** Keeps where the log is, and makes messages of the table's changes. */
export function createPicker(
  table: { readonly database: string; readonly name: string },
  base: string,
  from: Place,
  decode: Decode,
  emit: (message: LogMessage) => void,
): Picker {
  const at = createCounter(from)
  let inTransaction = false
  let gtid: string | undefined
  let isMariadb = false
  const maps = new Map<number, TableMap>()

  const emitOne = (change: RowChange, map: TableMap, event: LogEvent) => {
    for (const [op, before, after] of splitChange(change, map.key)) {
      const place = at.place()
      if (!at.count()) continue
      const names = map.columns?.map(({ name }) => name) ?? []
      const time = event.time * 1000
      const origin: Origin = {
        ...{
          database: map.database,
          table: map.table,
          file: fileName(base, place.file),
          pos: place.pos,
          row: Number(place.next),
        },
        ...{ isSnapshot: false, serverId: event.serverId, gtid, time },
      }
      const row = after ?? before ?? []
      const value = envelope(op, rowJson(names, before), rowJson(names, after), origin)
      emit({ key: keyJson(names, map.key, row), value, time, at: place })
    }
  }
  const takeRows = (event: LogEvent) => {
    const { table: id, isLast } = rowsHead(event.body)
    const map = maps.get(id)
    if (map) for (const change of readRows(event.type, event.body, map, decode)) emitOne(change, map, event)
    if (isLast) maps.clear()
  }
  /** Says whether the event ends what began. */
  const takeQuery = (event: LogEvent): boolean => {
    const { database, text } = queryIn(event.body)
    if (WITHIN.test(text)) {
      inTransaction = true
      return false
    }
    if (STATEMENT.test(text) && database === table.database) {
      const what = `its log has statements in place of rows, at ${fileName(base, at.place().file)}:${event.end}`
      throw unsuited(
        what,
        'Let no client set binlog_format to another one than ROW; read the table anew with a new group.',
      )
    }
    if (truncates(text, database, table)) {
      const place = at.place()
      const time = event.time * 1000
      const where = { database, table: table.name, file: fileName(base, place.file), pos: place.pos, row: 0 }
      const value = envelope('t', 'null', 'null', { ...where, isSnapshot: false, gtid, time })
      if (at.count()) emit({ key: undefined, value, time, at: place })
    }
    return true
  }
  return {
    place: at.place,
    take(event) {
      refuseUnreadable(event.type)
      if (event.type === EVENT.rotate) {
        const next = parseFile(event.body.subarray(8).toString().replace(/\0.*$/s, ''))
        if (next.file !== at.place().file) at.moveTo(Number(event.body.readBigUInt64LE(0)), next.file)
        return
      }
      if (event.type === EVENT.heartbeat || event.type === EVENT.heartbeat2) return
      if (event.type === EVENT.tableMap) {
        const map = readTableMap(event.body, isMariadb)
        if (map.database === table.database && map.table === table.name) maps.set(map.id, map)
        return
      }
      if (holdsRows(event.type)) return takeRows(event)
      if (event.type === EVENT.format) isMariadb = event.body.includes('MariaDB')
      if (event.type === EVENT.mariadbGtid) gtid = mariadbGtid(event)
      if (event.type === EVENT.gtid) gtid = mysqlGtid(event.body)
      const ends = event.type === EVENT.query ? takeQuery(event) : ENDS.includes(event.type)
      if (BEGINS.includes(event.type)) inTransaction = true
      if (ends) inTransaction = false
      if (!inTransaction) at.moveTo(event.end)
    },
  }
}

/** A change of the key is a row that goes and one that comes. */
function* splitChange({ before, after }: RowChange, key: readonly number[]) {
  if (before && after && key.some((i) => before[i] !== after[i])) {
    yield ['d', before, undefined] as const
    yield ['c', undefined, after] as const
  } else yield [before ? (after ? 'u' : 'd') : 'c', before, after] as const
}

function queryIn(body: Buffer): { readonly database: string; readonly text: string } {
  const [databaseLength, variablesLength] = [body.readUInt8(8), body.readUInt16LE(11)]
  const at = 13 + variablesLength
  return {
    database: body.subarray(at, at + databaseLength).toString(),
    text: body.subarray(at + databaseLength + 1).toString(),
  }
}

const TRUNCATE = /^\s*(?:\/\*.*?\*\/\s*)*TRUNCATE\s+(?:TABLE\s+)?(?:`?([^`.\s]+)`?\s*\.\s*)?`?([^`.\s;/]+)`?/is

function truncates(
  text: string,
  database: string,
  table: { readonly database: string; readonly name: string },
): boolean {
  const [found, named = database, name] = TRUNCATE.exec(text) ?? []
  return found !== undefined && named === table.database && name === table.name
}

function mariadbGtid({ body, serverId }: LogEvent): string {
  return `${body.readUInt32LE(8)}-${serverId}-${body.readBigUInt64LE(0)}`
}

function mysqlGtid(body: Buffer): string {
  const hex = body.subarray(1, 17).toString('hex')
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  return `${uuid}:${body.readBigUInt64LE(17)}`
}

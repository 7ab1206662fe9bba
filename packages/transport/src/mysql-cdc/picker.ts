import { alterationsBy } from './ddl.ts'
import type { LogEvent } from './dump.ts'
import { emitChange, emitRewritten, emitTruncate, type Followed, type Moment } from './log-messages.ts'
import { type Gtid, NO_GTID, type Spot } from './position.ts'
import { holdsRows, readRows, refuseUnreadable, rowsHead } from './row-events.ts'
import { fileName, parseFile, unsuited } from './server.ts'
import { readTableMap, type TableMap } from './table-map.ts'
import { TYPE } from './types.ts'
import type { Decode } from './values.ts'

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
  /** Whether no transaction has begun that is not over. */
  isBetween(): boolean
}

/** Where the log is; moved by the picker, between two transactions only. */
export interface LogCursor extends Spot {
  file: bigint
  pos: bigint
  gtid: Gtid
}

/** Makes messages of the changes of the tables that are followed, and moves the cursor. A table that fails is followed no more. */
export function createPicker(
  database: string,
  base: string,
  cursor: LogCursor,
  decode: Decode,
  followed: Pick<Map<string, Followed>, 'get' | 'has' | 'delete'>,
): Picker {
  let inTransaction = false
  let gtid: string | undefined
  let transaction: Gtid = NO_GTID
  let isMariadb = false
  const maps = new Map<number, TableMap>()

  const origin = ({ serverId, time }: LogEvent): Moment => ({ database, base, serverId, gtid, time: time * 1000 })
  const takeRows = (event: LogEvent) => {
    const { table: id, isLast } = rowsHead(event.body)
    const map = maps.get(id)
    const table = map && followed.get(map.table)
    if (map && table) {
      try {
        for (const change of readRows(event.type, event.body, withStored(map, table), decode))
          emitChange(change, map, table, origin(event))
      } catch (error) {
        followed.delete(map.table)
        table.fail(error)
      }
    }
    if (isLast) maps.clear()
  }
  /** Says whether the event ends what began. */
  const takeQuery = (event: LogEvent): boolean => {
    const query = queryIn(event.body)
    if (WITHIN.test(query.text)) {
      inTransaction = true
      return false
    }
    if (STATEMENT.test(query.text) && query.database === database) {
      const what = `its log has statements in place of rows, at ${fileName(base, cursor.file)}:${event.end}`
      throw unsuited(
        what,
        'Let no client set binlog_format to another one than ROW; read the table anew with a new group.',
      )
    }
    for (const altered of alterationsBy(query.text, query.database)) {
      const table = altered.database === database && followed.get(altered.table)
      if (!table) continue
      if (altered.effect !== 'rewrites') emitTruncate(altered.table, table, origin(event))
      if (altered.effect !== 'empties') {
        emitRewritten(table, { ...cursor, pos: BigInt(event.end), gtid: transaction }, origin(event))
      }
    }
    return true
  }
  return {
    isBetween: () => !inTransaction,
    take(event) {
      refuseUnreadable(event.type)
      if (event.type === EVENT.rotate) {
        const { file } = parseFile(event.body.subarray(8).toString().replace(/\0.*$/s, ''))
        if (file !== cursor.file) Object.assign(cursor, { file, pos: event.body.readBigUInt64LE(0) })
        return
      }
      if (event.type === EVENT.heartbeat || event.type === EVENT.heartbeat2) return
      if (event.type === EVENT.tableMap) {
        const map = readTableMap(event.body, isMariadb)
        if (map.database === database && followed.has(map.table)) maps.set(map.id, map)
        return
      }
      if (holdsRows(event.type)) return takeRows(event)
      if (event.type === EVENT.format) isMariadb = event.body.includes('MariaDB')
      if (event.type === EVENT.mariadbGtid) {
        gtid = mariadbGtid(event)
        transaction = { server: BigInt(event.serverId), number: event.body.readBigUInt64LE(0) }
      }
      if (event.type === EVENT.gtid) gtid = mysqlGtid(event.body)
      const ends = event.type === EVENT.query ? takeQuery(event) : ENDS.includes(event.type)
      if (BEGINS.includes(event.type)) inTransaction = true
      if (ends) inTransaction = false
      if (inTransaction || event.end === 0) return
      cursor.pos = BigInt(event.end)
      if (transaction !== NO_GTID) cursor.gtid = transaction
    },
  }
}

/** Says of which columns the bytes are those of a text: the log does not. */
function withStored(map: TableMap, { stored }: Followed): TableMap {
  if (stored.size === 0 || !map.columns) return map
  const columns = map.columns.map((column) => {
    const text = column.type === TYPE.string ? stored.get(column.name) : undefined
    return text ? { ...column, stored: text } : column
  })
  return { ...map, columns }
}

function queryIn(body: Buffer): { readonly database: string; readonly text: string } {
  const [databaseLength, variablesLength] = [body.readUInt8(8), body.readUInt16LE(11)]
  const at = 13 + variablesLength
  return {
    database: body.subarray(at, at + databaseLength).toString(),
    text: body.subarray(at + databaseLength + 1).toString(),
  }
}

function mariadbGtid({ body, serverId }: LogEvent): string {
  return `${body.readUInt32LE(8)}-${serverId}-${body.readBigUInt64LE(0)}`
}

function mysqlGtid(body: Buffer): string {
  const hex = body.subarray(1, 17).toString('hex')
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  return `${uuid}:${body.readBigUInt64LE(17)}`
}

import { type Gtid, type LogSpot, NO_GTID } from '../position.ts'
import { parseFile, unsuited } from '../server/server.ts'
import { type FollowedTables, type Statement, takeStatement } from '../statements/statements.ts'
import type { Reading } from './charsets.ts'
import type { LogEvent } from './dump.ts'
import { emitChange, type Followed, type Moment } from './log-messages.ts'
import { holdsRows, readRows, refuseUnreadable, rowsHead } from './row-events.ts'
import { readTableMap, type TableMap } from './table-map.ts'
import { TYPE } from './types.ts'

const EVENT = {
  query: 2,
  rotate: 4,
  format: 15,
  xid: 16,
  loadedFile: 18,
  tableMap: 19,
  heartbeat: 27,
  gtid: 33,
  anonymousGtid: 34,
  xaPrepare: 38,
  heartbeat2: 41,
  mariadbGtid: 162,
} as const

const WITHIN = /^\s*(BEGIN|START\s+TRANSACTION|SAVEPOINT|ROLLBACK\s+TO|RELEASE\s+SAVEPOINT|XA\s+(START|END))\b/i
const OVER = /^\s*(XA\s+(COMMIT|ROLLBACK|PREPARE)|COMMIT|ROLLBACK)\b/i
/** Flags of MariaDB's events of GTIDs: a statement follows, and nothing ends it; what follows ends by XA PREPARE. */
const [STANDALONE, PREPARED] = [1, 64]
const BEGINS: readonly number[] = [EVENT.gtid, EVENT.anonymousGtid, EVENT.mariadbGtid]
const ENDS: readonly number[] = [EVENT.xid, EVENT.xaPrepare]

export interface Picker {
  take(event: LogEvent): void
  /** Whether no transaction has begun that is not over. */
  isBetween(): boolean
}

/** Where the log is; moved by the picker, between two transactions only. */
export interface LogCursor extends LogSpot {
  file: bigint
  pos: bigint
  gtid: Gtid
  within: bigint
}

/** Makes messages of the changes of the tables that are followed, and moves the cursor. A table that fails is followed no more. */
export function createPicker(
  database: string,
  base: string,
  cursor: LogCursor,
  { decode, folded }: Reading,
  followed: Map<string, Followed>,
): Picker {
  const ours: FollowedTables = { database: folded(database), tables: followed, folded }
  let inTransaction = false
  /** Whether what has begun ends by a word of its own, and not with its one statement. */
  let isGroup = false
  let isPrepared = false
  let gtid: string | undefined
  let transaction: Gtid = NO_GTID
  let isMariadb = false
  const maps = new Map<number, TableMap>()

  const origin = ({ serverId, time }: LogEvent): Moment => ({ database, base, serverId, gtid, time: time * 1000 })
  const takeRows = (event: LogEvent) => {
    const { table: id, isLast } = rowsHead(event.body)
    const map = maps.get(id)
    const table = map && followed.get(folded(map.table))
    if (map && table) {
      try {
        if (isPrepared) throw mayBeRolledBack(map)
        for (const change of readRows(event.type, event.body, withStored(map, table), decode))
          emitChange(change, map, table, origin(event))
      } catch (error) {
        followed.delete(folded(map.table))
        table.fail(error)
      }
    }
    if (isLast) maps.clear()
  }
  /** Says whether the event ends what began. */
  const takeQuery = (event: LogEvent): boolean => {
    const statement = statementIn(event)
    if (WITHIN.test(statement.text)) {
      inTransaction = isGroup = true
      return false
    }
    takeStatement(statement, ours, { ...cursor, pos: BigInt(event.end), gtid: transaction }, origin(event))
    return !isGroup || OVER.test(statement.text)
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
        if (folded(map.database) === ours.database && followed.has(folded(map.table))) maps.set(map.id, map)
        return
      }
      if (holdsRows(event.type)) return takeRows(event)
      if (event.type === EVENT.format) isMariadb = event.body.includes('MariaDB')
      if (event.type === EVENT.mariadbGtid) {
        gtid = mariadbGtid(event)
        transaction = { server: BigInt(event.serverId), number: event.body.readBigUInt64LE(0) }
        cursor.within = transaction.server
        const flags = event.body.readUInt8(12)
        isGroup = (flags & STANDALONE) === 0
        isPrepared = (flags & PREPARED) !== 0
      }
      if (event.type === EVENT.gtid) gtid = mysqlGtid(event.body)
      const isStatement = event.type === EVENT.query || event.type === EVENT.loadedFile
      const ends = isStatement ? takeQuery(event) : ENDS.includes(event.type)
      if (BEGINS.includes(event.type)) inTransaction = true
      if (ends) inTransaction = isGroup = false
      if (inTransaction || event.end === 0) return
      Object.assign(cursor, { pos: BigInt(event.end), within: 0n })
      if (transaction !== NO_GTID) cursor.gtid = transaction
    },
  }
}

function mayBeRolledBack({ database, table }: TableMap) {
  return unsuited(
    `its log has a change of ${database}.${table} by an XA transaction, which can be rolled back after it is there`,
    'Let its clients commit without XA PREPARE, or leave the table out; read the table anew with a new group.',
  )
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

function statementIn({ type, body }: LogEvent): Statement {
  const [databaseLength, variablesLength] = [body.readUInt8(8), body.readUInt16LE(11)]
  const at = (type === EVENT.loadedFile ? 26 : 13) + variablesLength
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

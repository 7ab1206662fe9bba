import { MillraceError } from '@millrace/base'
import { createConnection } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { guardFlood } from '../../mysql/flood-guard.ts'
import { mysqlLogin } from '../../mysql/server-address.ts'
import type { MysqlCdcAddress } from '../address.ts'
import { type Answer, answerTo, type Raw } from './answer.ts'
import { fromMysql } from './mysql-error.ts'

export type { Raw } from './answer.ts'

export interface Server {
  /** Runs a query; the values of its rows are the bytes that the server sends. */
  rows(sql: string): Promise<Raw[][]>
  /** Returns the first rows of an answer of the server with this number: so many bytes of them, or one row. */
  firstRows(sql: string, maxBytes: number, number: bigint): Promise<Answer>
  /** Returns the number of the server that is there. */
  number(): Promise<bigint>
  /** The number that was found last. */
  readonly lastNumber: bigint | undefined
  /** Has what is asked next go by a new connection: the address may lead to another server by now. */
  renew(): void
  close(): Promise<void>
}

/** Maximum that a server says before we are logged in. */
const LARGEST_GREETING = 1 << 20

export async function connect(address: MysqlCdcAddress): Promise<Connection> {
  const core = createConnection({
    ...mysqlLogin(address),
    enableKeepAlive: true,
    rowsAsArray: true,
    typeCast: (field) => field.buffer(),
  })
  const guard = guardFlood(core)
  guard.allow(LARGEST_GREETING)
  const connection = core.promise()
  try {
    await Promise.race([connection.connect(), guard.broken])
    // A pending call gets the error that ends the connection; without a listener it would end the process.
    connection.on('error', () => {})
    await Promise.race([connection.query("SET time_zone = '+00:00', sql_mode = ''"), guard.broken])
    return connection
  } catch (error) {
    core.destroy()
    throw fromMysql(error, `connecting to mysql-cdc://${address.host}:${address.port}/${address.database}`)
  } finally {
    guard.end()
  }
}

/** Opens a connection when it is first needed, and again after one has broken. */
export function openServer(address: MysqlCdcAddress): Server {
  let opened: Promise<Connection> | undefined
  const drop = () => {
    opened?.then((connection) => connection.destroy()).catch(() => {})
    opened = undefined
  }
  const ask = async (sql: string, maxBytes?: number, number?: bigint) => {
    opened ??= connect(address)
    try {
      const connection = await opened
      if (number !== undefined) await refuseOther(connection, number)
      const answer = await answerTo(connection, sql, maxBytes)
      // Whoever asked next would have to read the rest first.
      if (!answer.isWhole) drop()
      return answer
    } catch (error) {
      drop()
      throw fromMysql(error, `reading ${address.host}:${address.port}/${address.database}`)
    }
  }
  let lastNumber: bigint | undefined
  const rows = async (sql: string) => (await ask(sql)).rows
  return {
    ...{ rows, firstRows: ask },
    async number() {
      lastNumber = await serverNumber({ rows })
      return lastNumber
    },
    get lastNumber() {
      return lastNumber
    },
    renew() {
      // What is being asked is answered first.
      opened?.then((connection) => connection.end()).catch(() => {})
      opened = undefined
    },
    async close() {
      await opened?.then((connection) => connection.end()).catch(() => {})
    },
  }
}

/** The address may lead to another server since a place was found, whose rows may be older. */
async function refuseOther(connection: Connection, number: bigint): Promise<void> {
  const there = await serverNumber({ rows: async (sql) => (await answerTo(connection, sql)).rows })
  if (there !== number) throw new Error(`it is server ${there} now, and was server ${number} a moment ago`)
}

export async function serverNumber(server: Pick<Server, 'rows'>): Promise<bigint> {
  const [row] = await server.rows('SELECT @@server_id')
  return BigInt(textOf(row?.[0]))
}

export const textOf = (value: Raw | undefined) => value?.toString() ?? ''

export interface LogEnd {
  /** Name of a log file without its number. */
  readonly base: string
  readonly file: bigint
  readonly pos: bigint
}

/** Returns where the log ends now: everything before it is committed, and seen by who reads from now on. */
export async function logEnd(server: Pick<Server, 'rows'>): Promise<LogEnd> {
  const [row] = await server.rows('SHOW MASTER STATUS').catch((error: unknown) => {
    // MySQL 8.4 has another word for it.
    if (error instanceof MillraceError && /syntax/i.test(error.message)) return server.rows('SHOW BINARY LOG STATUS')
    throw error
  })
  if (!row)
    throw unsuited('its binary log is off', 'Start the server with log_bin (on RDS: switch automated backups on).')
  return { ...parseFile(textOf(row[0])), pos: BigInt(textOf(row[1])) }
}

export function parseFile(name: string): { readonly base: string; readonly file: bigint } {
  const at = name.lastIndexOf('.')
  return { base: name.slice(0, at), file: BigInt(name.slice(at + 1)) }
}

export function fileName(base: string, file: bigint): string {
  return `${base}.${String(file).padStart(6, '0')}`
}

export function unsuited(what: string, next: string): MillraceError {
  return new MillraceError('SOURCE_UNSUPPORTED', `the database can't be followed: ${what}`, { next })
}

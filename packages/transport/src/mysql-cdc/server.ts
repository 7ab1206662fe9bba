import { MillraceError } from '@millrace/base'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { mysqlLogin } from '../mysql-server.ts'
import type { MysqlCdcAddress } from './address.ts'
import { fromMysql } from './mysql-error.ts'

/** A value of an answer as its bytes. */
export type Raw = Buffer | null

export interface Server {
  /** Runs a query; the values of its rows are the bytes that the server sends. */
  rows(sql: string): Promise<Raw[][]>
  close(): Promise<void>
}

export async function connect(address: MysqlCdcAddress): Promise<Connection> {
  try {
    const connection = await createConnection({
      ...mysqlLogin(address),
      enableKeepAlive: true,
      rowsAsArray: true,
      typeCast: (field) => field.buffer(),
    })
    // What ends the connection is told to the one who waits for it; nobody else must die of it.
    connection.on('error', () => {})
    await connection.query("SET time_zone = '+00:00', sql_mode = ''")
    return connection
  } catch (error) {
    throw fromMysql(error, `connecting to mysql-cdc://${address.host}:${address.port}/${address.database}`)
  }
}

/** Opens a connection when it is first needed, and again after one has broken. */
export function openServer(address: MysqlCdcAddress): Server {
  let opened: Promise<Connection> | undefined
  return {
    async rows(sql) {
      opened ??= connect(address)
      try {
        const [rows] = await (await opened).query<RowDataPacket[]>(sql)
        return rows as unknown as Raw[][]
      } catch (error) {
        opened?.then((connection) => connection.destroy()).catch(() => {})
        opened = undefined
        throw fromMysql(error, `reading ${address.host}:${address.port}/${address.database}`)
      }
    },
    async close() {
      await opened?.then((connection) => connection.end()).catch(() => {})
    },
  }
}

export const textOf = (value: Raw | undefined) => value?.toString() ?? ''

export interface LogPlace {
  /** Name of a log file without its number. */
  readonly base: string
  readonly file: bigint
  readonly pos: bigint
}

/** Returns where the log ends now: everything before it is committed, and seen by who reads from now on. */
export async function logEnd(server: Server): Promise<LogPlace> {
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

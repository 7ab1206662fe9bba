import type { Environment } from '@millrace/base'
import { type MysqlServer, parseMysqlServer } from '../mysql/server-address.ts'

export interface MysqlCdcAddress extends MysqlServer {
  /** The tables to follow; undefined: all of the database. */
  readonly tables: readonly string[] | undefined
}

const FORM = { example: 'mysql-cdc://user@host:3306/database?tables=a,b', settings: ['tables'] }

/** Parses mysql-cdc://user@host[:port]/database[?tables=a,b], with the settings of every server of MySQL. */
export function parseMysqlCdcAddress(address: string, environment: Environment): MysqlCdcAddress {
  const { server, settings } = parseMysqlServer(address, FORM, environment)
  const tables = settings
    .get('tables')
    ?.split(',')
    .filter((name) => name !== '')
  return { ...server, tables }
}

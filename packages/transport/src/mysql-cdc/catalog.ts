import { MillraceError } from '@millrace/base'
import type { TopicCatalog } from '../catalog.ts'
import { parseMysqlCdcAddress } from './address.ts'
import { quoteText } from './columns.ts'
import { openServer, textOf } from './server.ts'

export function mysqlCdcCatalog(address: string): TopicCatalog {
  const { database, tables, ...rest } = parseMysqlCdcAddress(address, process.env)
  const server = openServer({ database, tables, ...rest })
  const list = async () => {
    const rows = await server.rows(
      `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${quoteText(database)}`,
    )
    const present = rows.map(([name]) => textOf(name)).filter((name) => tables === undefined || tables.includes(name))
    return present.map((name) => `${database}.${name}`).sort()
  }
  return {
    list,
    async describe(name) {
      if (!(await list()).includes(name)) return undefined
      return { name, configs: {}, partitions: [{ id: '0', leader: -1, replicas: [] }], ready: true }
    },
    create: async (name) => refuse(address, name),
    remove: async (name) => refuse(address, name),
    close: () => server.close(),
  }
}

/** Fails for what nobody but the database's own users may do. */
export function refuse(address: string, what: string): never {
  throw new MillraceError('SOURCE_UNSUPPORTED', `${address}: ${what} cannot be made, written or removed from here`, {
    next: 'The database is only read; its own users write it.',
  })
}

import type { TopicCatalog } from '../../catalog.ts'
import { catalogOfTables } from '../../tables/catalog.ts'
import { parseMysqlCdcAddress } from '../address.ts'
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
  return catalogOfTables(address, list, () => server.close())
}

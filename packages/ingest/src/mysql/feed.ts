import type { Runtime } from '@millrace/base'
import type { Feed, FeedOptions } from '../feed.ts'
import { parseMysqlAddress } from './address.ts'
import { allRows } from './all.ts'
import { openDatabase } from './database.ts'
import { randomRows } from './random.ts'
import { describeTable } from './tables.ts'

export async function mysqlFeed(from: string, options: FeedOptions, runtime: Runtime): Promise<Feed> {
  const { datasets, databaseTables = {}, mode, seed } = options
  const address = parseMysqlAddress(from, datasets, databaseTables, process.env)
  const database = openDatabase(address, runtime)
  try {
    const tables = await Promise.all(
      datasets.map((dataset) => describeTable(database, dataset, address.tableOf(dataset))),
    )
    const feed = mode === 'all' ? allRows(database, tables) : await randomRows(database, tables, seed)
    return {
      next: feed.next,
      async close() {
        await feed.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

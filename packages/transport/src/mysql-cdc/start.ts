import type { RowDataPacket } from 'mysql2/promise'
import type { MysqlCdcAddress } from './address.ts'
import { quoteName } from './columns.ts'
import { fromMysql } from './mysql-error.ts'
import type { Spot } from './position.ts'
import { connect, logEnd, parseFile, type Raw, textOf } from './server.ts'
import { spotOf } from './spot.ts'

/**
 * Returns a place in the log whose changes, and all before it, are seen by whoever reads the table from now on. A
 * change is in the log a moment before it can be seen: the end of the log alone would not do.
 */
export async function startPlace(address: MysqlCdcAddress, database: string, table: string): Promise<Spot> {
  const connection = await connect(address)
  const rows = async (sql: string) => {
    const [found] = await connection.query<RowDataPacket[]>(sql)
    return found as unknown as Raw[][]
  }
  try {
    // MariaDB tells the place of a snapshot of its engine, and locks nothing.
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    const shown = new Map(
      (await rows("SHOW STATUS LIKE 'binlog_snapshot_%'")).map(([name, value]) => [textOf(name), value]),
    )
    const [file, pos] = ['Binlog_snapshot_file', 'Binlog_snapshot_position'].map((name) => textOf(shown.get(name)))
    if (file) return await spotOf({ rows }, { ...parseFile(file), pos: BigInt(pos ?? 0) })
    // MySQL: whoever has written to the table is done with its commit when the lock of this one table is given.
    await connection.query(`LOCK TABLES ${quoteName(database)}.${quoteName(table)} READ`)
    return await spotOf({ rows }, await logEnd({ rows }))
  } catch (error) {
    throw fromMysql(error, `finding the place in the log of ${address.host}:${address.port}`)
  } finally {
    connection.destroy()
  }
}

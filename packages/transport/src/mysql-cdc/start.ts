import type { RowDataPacket } from 'mysql2/promise'
import type { MysqlCdcAddress } from './address.ts'
import type { Spot } from './position.ts'
import { quoteName } from './server/columns.ts'
import { fromMysql } from './server/mysql-error.ts'
import { connect, logEnd, parseFile, type Raw, textOf } from './server/server.ts'
import { spotOf } from './spot.ts'

/**
 * Returns a place in the log such that every change up to it is visible to later reads of the table. The end of the log
 * is not enough: a change is in the log a moment before it becomes visible.
 */
export async function startPlace(address: MysqlCdcAddress, database: string, table: string): Promise<Spot> {
  const connection = await connect(address)
  const rows = async (sql: string) => {
    const [found] = await connection.query<RowDataPacket[]>(sql)
    return found as unknown as Raw[][]
  }
  try {
    // MariaDB reports the place of a snapshot, and locks nothing.
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    const shown = new Map(
      (await rows("SHOW STATUS LIKE 'binlog_snapshot_%'")).map(([name, value]) => [textOf(name), value]),
    )
    const [file, pos] = ['Binlog_snapshot_file', 'Binlog_snapshot_position'].map((name) => textOf(shown.get(name)))
    if (file) return await spotOf({ rows }, { ...parseFile(file), pos: BigInt(pos ?? 0) })
    // MySQL: once the read lock of the table is granted, every transaction that wrote to it is committed.
    await connection.query(`LOCK TABLES ${quoteName(database)}.${quoteName(table)} READ`)
    return await spotOf({ rows }, await logEnd({ rows }))
  } catch (error) {
    throw fromMysql(error, `finding the place in the log of ${address.host}:${address.port}`)
  } finally {
    connection.destroy()
  }
}

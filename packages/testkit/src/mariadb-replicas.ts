import { readFile } from 'node:fs/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import type { TestContext } from 'vitest'
import { type OwnServer, openOwn } from './own-server.ts'
import { type MariadbAddress, mariadbWith } from './services/mariadb.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A MariaDB of a test's own that others can be replicas of, and a connection to it. */
export interface NumberedMariadb extends OwnServer<MariadbAddress> {
  readonly connection: Connection
}

export async function openNumberedMariadb(
  serverId: number,
  finished: TestContext['onTestFinished'],
  options: readonly string[] = [],
): Promise<NumberedMariadb> {
  const rights = ["GRANT ALL ON *.* TO 'millrace'@'%';"]
  const variant = mariadbWith({ serverId, sql: rights, options: ['--log-slave-updates=ON', ...options] })
  const server = await openOwn<MariadbAddress>('mariadb', variant, await temporaryFolder(finished), finished)
  const { host, port, user, password, ca, database } = server.address
  const connection = await createConnection({
    ...{ host, port, user, password, database, multipleStatements: true, ssl: { ca: await readFile(ca) } },
  })
  connection.on('error', () => {})
  finished(() => connection.destroy())
  return { ...server, connection }
}

/** Makes the second a replica of the first. */
export async function replicate({ address }: NumberedMariadb, { connection }: NumberedMariadb): Promise<void> {
  const { host, port, user, password, ca } = address
  await connection.query(`RESET MASTER; CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = '${user}',
    MASTER_PASSWORD = '${password}', MASTER_SSL = 1, MASTER_SSL_CA = '${ca}', MASTER_USE_GTID = slave_pos; START SLAVE`)
}

/** Waits until the replica has all that the primary has. */
export async function caughtUp(
  { connection: primary }: NumberedMariadb,
  { connection: replica }: NumberedMariadb,
): Promise<void> {
  const [[{ at }]] = (await primary.query('SELECT @@gtid_binlog_pos AS at')) as unknown as [[{ at: string }]]
  await replica.query(`SELECT MASTER_GTID_WAIT('${at}', 60)`)
}

/** Ends that the second follows another one: it may be written from now on. */
export async function promote({ connection }: NumberedMariadb): Promise<void> {
  await connection.query('STOP SLAVE; RESET SLAVE ALL')
}

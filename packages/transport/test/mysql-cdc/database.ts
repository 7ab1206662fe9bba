import { readFile } from 'node:fs/promises'
import { systemRuntime } from '@millrace/base'
import { freshName, type MariadbAddress } from '@millrace/testkit'
import { openSource, type Partition, type Source } from '@millrace/transport'
import { type Connection, createConnection } from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { type Reading, readingAt } from '../table-reading.ts'

export interface TestDatabase {
  readonly connection: Connection
  readonly name: string
  readonly address: string
}

export async function newDatabase({ host, port, user, password, ca }: MariadbAddress): Promise<TestDatabase> {
  process.env.MYSQL_PWD = password
  const connection = await createConnection({
    ...{ host, port, user, password, multipleStatements: true, supportBigNumbers: true, bigNumberStrings: true },
    ssl: { ca: await readFile(ca) },
  })
  onTestFinished(() => connection.end())
  const name = freshName('millrace').replaceAll('-', '_')
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await connection.query(`USE ${name}; SET time_zone = '+00:00', sql_mode = ''`)
  return { connection, name, address: `mysql-cdc://${user}@${host}:${port}/${name}?ca=${ca}` }
}

export async function readingOf(database: TestDatabase, table: string): Promise<Reading> {
  const source = await openSource(database.address, systemRuntime)
  onTestFinished(() => source.close())
  return readingFrom(source, database, table)
}

/** Reads a table by a source that may read others too. */
export async function readingFrom(source: Source, { name }: TestDatabase, table: string): Promise<Reading> {
  const [partition] = (await source.partitions(`${name}.${table}`)) as [Partition]
  return readingAt(source, partition)
}

export async function rowsOf({ connection }: TestDatabase, table: string): Promise<unknown[]> {
  const [rows] = await connection.query(`SELECT * FROM ${table} ORDER BY 1`)
  const bytesAsText = (row: object) =>
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value])
  return JSON.parse(JSON.stringify((rows as object[]).map((row) => Object.fromEntries(bytesAsText(row))))) as unknown[]
}

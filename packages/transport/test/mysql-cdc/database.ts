import { readFile } from 'node:fs/promises'
import { systemRuntime } from '@millrace/base'
import { freshName, type MariadbAddress } from '@millrace/testkit'
import {
  type Block,
  openSource,
  type Partition,
  type Position,
  type Source,
  type StartPosition,
} from '@millrace/transport'
import { type Connection, createConnection } from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { type Change, changesIn } from '../logged-changes.ts'

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

export interface Reading {
  readonly source: Source
  readonly partition: Partition
  start(from: StartPosition): Promise<Position>
  /** Reads from a position to the end that there is now. */
  through(from: Position): Promise<{ changes: Change[]; to: Position; blocks: Block[] }>
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

export function readingAt(source: Source, partition: Partition): Reading {
  return {
    source,
    partition,
    start: (from) => source.resolve(partition, from),
    async through(from) {
      const end = await source.end(partition)
      const blocks: Block[] = []
      let to = from
      for (let quiet = 0; !end.passedBy(to); ) {
        const block = await source.read(partition, to, { maxBytes: 1 << 16, waitMs: 200, keys: true })
        if (!block && ++quiet === 50) throw new Error(`nothing came at ${to.join('.')}`)
        if (!block) continue
        blocks.push(block)
        to = block.to
      }
      return { changes: blocks.flatMap(changesIn), to, blocks }
    },
  }
}

export async function rowsOf({ connection }: TestDatabase, table: string): Promise<unknown[]> {
  const [rows] = await connection.query(`SELECT * FROM ${table} ORDER BY 1`)
  const bytesAsText = (row: object) =>
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value])
  return JSON.parse(JSON.stringify((rows as object[]).map((row) => Object.fromEntries(bytesAsText(row))))) as unknown[]
}

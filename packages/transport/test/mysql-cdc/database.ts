import { readFile } from 'node:fs/promises'
import { systemRuntime, valueAt } from '@millrace/base'
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

/** A change as it comes out of the source. */
export interface Change {
  readonly op: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly source: Readonly<Record<string, unknown>>
  readonly key: unknown
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

export function changesIn(block: Block): Change[] {
  return Array.from({ length: block.count }, (_, i) => {
    const change = JSON.parse(Buffer.from(valueAt(block, i) ?? []).toString()) as Change
    return { ...change, key: JSON.parse(block.keys?.[i] ?? 'null') }
  })
}

/** The rows that changes leave, by key. */
export function applied(changes: readonly Change[]): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (const { op, key, after } of changes) {
    if (op === 't') rows.clear()
    else if (op === 'd') rows.delete(JSON.stringify(key))
    else rows.set(JSON.stringify(key), after)
  }
  return rows
}

export async function rowsOf({ connection }: TestDatabase, table: string): Promise<unknown[]> {
  const [rows] = await connection.query(`SELECT * FROM ${table} ORDER BY 1`)
  const bytesAsText = (row: object) =>
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value])
  return JSON.parse(JSON.stringify((rows as object[]).map((row) => Object.fromEntries(bytesAsText(row))))) as unknown[]
}

export const inOrder = (rows: ReadonlyMap<string, unknown>) =>
  [...rows.values()].sort((a, b) => Number((a as { id: number }).id) - Number((b as { id: number }).id))

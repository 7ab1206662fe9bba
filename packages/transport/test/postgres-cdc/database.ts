import { readFile } from 'node:fs/promises'
import { systemRuntime } from '@millrace/base'
import { freshName, type PostgresAddress } from '@millrace/testkit'
import { openSource, type Partition, type Source } from '@millrace/transport'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { type Reading, readingAt } from '../table-reading.ts'

export interface TestDatabase {
  /** Runs statements as the owner of all. */
  sql(text: string): Promise<Record<string, unknown>[]>
  readonly name: string
  readonly address: string
  /** Ends with the test: its slots, and the database. */
  readonly group: string
}

const asText = { getTypeParser: () => (value: unknown) => value }

/** Makes a database of its own, whose slots and itself are gone after the test. */
export async function newDatabase({ host, port, user, password, ca }: PostgresAddress): Promise<TestDatabase> {
  process.env.PGPASSWORD = password
  const login = { host, port, user, password, ssl: { ca: await readFile(ca), host }, types: asText }
  const name = freshName('cdc').replaceAll('-', '_')
  const admin = new pg.Client({ ...login, database: 'postgres' })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const client = new pg.Client({ ...login, database: name })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await dropSlots(admin, name)
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })
  return {
    name,
    group: name,
    address: `postgres-cdc://${user}@${host}:${port}/${name}?ca=${ca}`,
    async sql(text) {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(text)
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
    },
  }
}

async function dropSlots(admin: pg.Client, database: string): Promise<void> {
  for (;;) {
    const { rows } = await admin.query<{ slot_name: string; active_pid: string | null }>(
      'SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = $1',
      [database],
    )
    if (rows.length === 0) return
    for (const { slot_name: slot, active_pid: pid } of rows) {
      if (pid !== null) await admin.query('SELECT pg_terminate_backend($1)', [pid])
      await admin.query('SELECT pg_drop_replication_slot($1)', [slot]).catch(() => {})
    }
  }
}

export async function readingOf({ address, group }: TestDatabase, table: string): Promise<Reading> {
  const source = await openSource(address, systemRuntime, { group })
  onTestFinished(() => source.close())
  return readingBy(source, table)
}

/** Reads a table of a source that may read others too. */
export async function readingBy(source: Source, table: string): Promise<Reading> {
  const [partition] = (await source.partitions(`public.${table}`)) as [Partition]
  return readingAt(source, partition)
}

export async function rowsOf({ sql }: TestDatabase, table: string): Promise<unknown[]> {
  return (await sql(`SELECT to_json(t) AS row FROM ${table} t ORDER BY id`)).map(({ row }) => JSON.parse(String(row)))
}

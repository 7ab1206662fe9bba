import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openOwn, type PostgresAddress, postgres as server, temporaryFolder } from '@millrace/testkit'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'
import { type Kinds, putDataset, type TruthDatabase } from './truth.ts'

/** A database, which may be down and come back. */
interface Database {
  sql(text: string): Promise<Record<string, string | null>[]>
}

const texts = { getTypeParser: () => (value: unknown) => value }

/** Opens a connection when there is none, and again after it broke. */
export async function openDatabase(
  { host, port, user, password, ca }: PostgresAddress,
  database: string,
): Promise<Database> {
  let client: pg.Client | undefined
  const tls = { ca: await readFile(ca), host }
  onTestFinished(() => client?.end().catch(() => {}))
  return {
    async sql(text) {
      if (!client) {
        const made = new pg.Client({ host, port, user, password, database, ssl: tls, types: texts })
        made.on('error', () => {
          if (client === made) client = undefined
        })
        await made.connect()
        await made.query("SET TIME ZONE 'UTC'")
        client = made
      }
      return (await client.query(text)).rows
    },
  }
}

const KINDS: Kinds = {
  ...{ id: 'number', name: 'text', title: 'text', price: 'decimal', made: 'moment', big: 'digest', ok: 'number' },
  ...{ day: 'day', score: 'double', raw: 'bytes', more: 'text', extra: 'number', tags: 'list' },
}

export const TRUTH_TABLES = {
  kinds: KINDS,
  columns: ['id', 'name', 'price', 'made', 'big', 'ok', 'day', 'score', 'raw', 'tags'],
  statements: [
    'CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, price NUMERIC(14,2), made TIMESTAMPTZ, big TEXT, ok BOOLEAN, day DATE, score FLOAT8, raw BYTEA, tags INT[])',
    'CREATE TABLE prices (id BIGINT PRIMARY KEY, n BIGINT)',
  ],
}

const ITEMS = {
  description: 'Items, as the database has them',
  format: 'debezium',
  fields: {
    ...{ id: { type: 'long' }, name: { type: 'text' }, title: { type: 'text' }, price: { type: 'decimal(14,2)' } },
    ...{ made: { type: 'timestamp' }, big: { type: 'text' }, ok: { type: 'boolean' }, day: { type: 'date' } },
    ...{ score: { type: 'double' }, raw: { type: 'text' }, more: { type: 'text' }, extra: { type: 'long' } },
    tags: { type: 'text' },
  },
  columns: {
    ...{ id: { type: 'long' }, name: { type: 'string' }, title: { type: 'string' }, price: { type: 'decimal(14,2)' } },
    ...{ made: { type: 'timestamp' }, big: { type: 'string' }, ok: { type: 'boolean' }, day: { type: 'date' } },
    ...{ score: { type: 'double' }, raw: { type: 'binary' }, more: { type: 'string' }, extra: { type: 'long' } },
    tags: { type: { type: 'array', elementType: 'integer' } },
  },
  mode: 'upsert',
  key: ['id'],
}

const PRICES = {
  description: 'Prices, each from when it holds',
  format: 'debezium',
  fields: { id: { type: 'long' }, n: { type: 'long' }, __lsn: { type: 'long' } },
  columns: { id: { type: 'long' }, n: { type: 'long' }, lsn: { type: 'long' } },
  ...{ mode: 'history', key: ['id'], sequenceBy: ['lsn'] },
}

/** Opens a workplace whose data sets are `items` and the history `prices`. */
export async function placeOf(password: string): Promise<Workplace> {
  const place = await openWorkplace({
    ...{ PGPASSWORD: password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items,prices' },
  })
  onTestFinished(() => place.leave())
  const as: Readonly<Record<string, string>> = {
    raw: 'from_base64(raw) AS raw',
    tags: 'CAST(tags AS INTEGER[]) AS tags',
  }
  const columns = Object.keys(ITEMS.columns).map((name) => as[name] ?? name)
  await putDataset(place, 'items', ITEMS, `SELECT ${columns.join(', ')} FROM raw`)
  await putDataset(place, 'prices', PRICES, 'SELECT id, n, __lsn AS lsn FROM raw')
  return place
}

type Below = (bound: number) => number

/** Starts a PostgreSQL of a test's own. */
export async function openOwnPostgres(next: Below) {
  const folder = await temporaryFolder(onTestFinished)
  const own = await openOwn<PostgresAddress>('postgres', server, folder, onTestFinished)
  const { host, port, user, password, ca, database: name } = own.address
  const { sql } = await openDatabase(own.address, name)
  const database: TruthDatabase = {
    sql,
    change: (rows, columns) => change(sql, rows, columns.has('name') ? 'name' : 'title', next),
    async restart(how) {
      const pidFile = join(folder, 'postgres/tables/postmaster.pid')
      if (how === 'in order') {
        // As an administrator does it: the server waits for whoever follows its log.
        process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), 'SIGINT')
        await expect.poll(() => existsSync(pidFile), { timeout: 60_000 }).toBe(false)
      }
      await own.kill()
      await own.start()
    },
    alterType: (column, type) => `ALTER TABLE items ALTER ${column} TYPE ${type}`,
    upsertPrices: (values) =>
      `INSERT INTO prices (id, n) VALUES ${values} ON CONFLICT (id) DO UPDATE SET n = excluded.n`,
    text: {
      ...{ text: (column) => column, double: (column) => column, digest: (column) => `md5(${column})` },
      number: (column) => `${column}::text`,
      decimal: (column) => `${column}::numeric(14,2)::text`,
      moment: (column) => `to_char(${column}, 'YYYY-MM-DD HH24:MI:SS.US')`,
      bytes: (column) => `encode(${column}, 'hex')`,
      day: (column) => `${column}::text`,
      list: (column) => `array_to_string(${column}, ',', 'null')`,
    },
  }
  return { database, password, source: `postgres-cdc://${user}@${host}:${port}/${name}?tables=items,prices&ca=${ca}` }
}

async function change(sql: TruthDatabase['sql'], rows: number, name: string, next: Below): Promise<void> {
  let isOpen = false
  for (let left = rows; left > 0; ) {
    const [id, size] = [next(20_000), 1 + next(200)]
    const kind = next(10)
    if (!isOpen && next(20) === 0) {
      await sql('BEGIN')
      isOpen = true
    }
    await sql(statement(kind, id, size, name, next))
    if (isOpen && next(3) === 0) {
      await sql(next(4) === 0 ? 'ROLLBACK' : 'COMMIT')
      isOpen = false
    }
    left -= size
  }
  if (isOpen) await sql('COMMIT')
}

function statement(kind: number, id: number, size: number, name: string, next: Below): string {
  const range = `id BETWEEN ${id} AND ${id + size}`
  if (kind < 5) {
    const values = Array.from({ length: size }, (_, i) => {
      const big =
        next(50) === 0 ? `(SELECT string_agg(md5('${next(1e6)}' || g), '') FROM generate_series(1, 120) g)` : "'small'"
      return `(${id + i}, 'n"${next(1e6)}', ${next(1e6)}.5, '2026-01-01 00:00:00.00000${next(10)}+0${next(3)}', ${big}, ${next(2) === 0}, '2026-02-01'::date + ${next(1000)}, ${next(1e6)} / 7.0::float8, '\\x00ff0${next(10)}', ${next(3) ? `'{${next(9)},NULL}'` : 'NULL'})`
    })
    return `INSERT INTO items (id, ${name}, price, made, big, ok, day, score, raw, tags) VALUES ${values.join(',')}
      ON CONFLICT (id) DO UPDATE SET ${name} = excluded.${name}, price = items.price + 1`
  }
  if (kind < 7)
    return `UPDATE items SET price = price * 1.1, ${name} = ${name} || 'x', score = -score WHERE ${range} AND length(${name}) < 40 AND price < 1e9`
  if (kind < 9) return `DELETE FROM items WHERE ${range}`
  const moved = id + 100_000 + next(20_000)
  return `UPDATE items SET id = ${moved} WHERE id = ${id} AND NOT EXISTS (SELECT 1 FROM items WHERE id = ${moved})`
}

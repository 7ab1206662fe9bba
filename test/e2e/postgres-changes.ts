import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeSql, type PostgresAddress } from '@millrace/testkit'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

export type HttpAddress = Parameters<typeof judgeSql>[0]

/** A database, which may be down and come back. */
export interface Database {
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

const COLUMNS = {
  ...{ id: { type: 'long' }, name: { type: 'string' }, price: { type: 'decimal(14,2)' }, made: { type: 'timestamp' } },
  ...{ big: { type: 'string' }, ok: { type: 'boolean' }, day: { type: 'date' }, score: { type: 'double' } },
  ...{ raw: { type: 'binary' }, more: { type: 'string' } },
  tags: { type: { type: 'array', elementType: 'integer' } },
}

const ITEMS = {
  description: 'Items, as the database has them',
  format: 'debezium',
  fields: {
    ...{ id: { type: 'long' }, name: { type: 'text' }, price: { type: 'decimal(14,2)' }, made: { type: 'timestamp' } },
    ...{ big: { type: 'text' }, ok: { type: 'boolean' }, day: { type: 'date' }, score: { type: 'double' } },
    ...{ raw: { type: 'text' }, more: { type: 'text' }, tags: { type: 'text' } },
  },
  columns: COLUMNS,
  mode: 'upsert',
  key: ['id'],
}

export const TABLE =
  'CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, price NUMERIC(14,2), made TIMESTAMPTZ, big TEXT, ok BOOLEAN, day DATE, score FLOAT8, raw BYTEA, tags INT[])'

const NOTES = {
  description: 'Notes, as the database has them',
  format: 'debezium',
  fields: { id: { type: 'long' }, note: { type: 'text' } },
  columns: { id: { type: 'long' }, note: { type: 'string' } },
  mode: 'upsert',
  key: ['id'],
}

export async function placeOf(password: string): Promise<Workplace> {
  const place = await openWorkplace({
    ...{ PGPASSWORD: password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items,notes' },
  })
  onTestFinished(() => place.leave())
  const put = async (name: string, dataset: object, sql: string) => {
    const folder = join(place.folder, 'mine', name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset))
    await writeFile(join(folder, 'clean.sql'), sql)
  }
  await put(
    'items',
    ITEMS,
    'SELECT id, name, price, made, big, ok, day, score, from_base64(raw) AS raw, more, CAST(tags AS INTEGER[]) AS tags FROM raw',
  )
  await put('notes', NOTES, 'SELECT id, note FROM raw')
  return place
}

type Below = (bound: number) => number

/** Runs statements that change about so many rows: inserts, updates, deletes, changed keys, some in transactions. */
export async function change({ sql }: Database, rows: number, next: Below): Promise<void> {
  let isOpen = false
  for (let left = rows; left > 0; ) {
    const [id, size] = [next(20_000), 1 + next(200)]
    const kind = next(11)
    if (!isOpen && next(20) === 0) {
      await sql('BEGIN')
      isOpen = true
    }
    await sql(statement(kind, id, size, next))
    if (isOpen && next(3) === 0) {
      await sql(next(4) === 0 ? 'ROLLBACK' : 'COMMIT')
      isOpen = false
    }
    left -= size
  }
  if (isOpen) await sql('COMMIT')
}

function statement(kind: number, id: number, size: number, next: Below): string {
  const range = `id BETWEEN ${id} AND ${id + size}`
  if (kind < 5) {
    const values = Array.from({ length: size }, (_, i) => {
      const big =
        next(50) === 0 ? `(SELECT string_agg(md5('${next(1e6)}' || g), '') FROM generate_series(1, 120) g)` : "'small'"
      return `(${id + i}, 'n"${next(1e6)}', ${next(1e6)}.5, '2026-01-01 00:00:00.00000${next(10)}+0${next(3)}', ${big}, ${next(2) === 0}, '2026-02-01'::date + ${next(1000)}, ${next(1e6)} / 7.0::float8, '\\x00ff0${next(10)}', ${next(3) ? `'{${next(9)},NULL}'` : 'NULL'})`
    })
    return `INSERT INTO items (id, name, price, made, big, ok, day, score, raw, tags) VALUES ${values.join(',')}
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = items.price + 1`
  }
  if (kind < 7)
    return `UPDATE items SET price = price * 1.1, name = name || 'x', score = -score WHERE ${range} AND length(name) < 40 AND price < 1e9`
  if (kind < 9) return `DELETE FROM items WHERE ${range}`
  if (kind < 10)
    return `INSERT INTO notes SELECT g, 'note ' || g FROM generate_series(${id}, ${id + size}) g ON CONFLICT (id) DO UPDATE SET note = notes.note || '.'`
  const moved = id + 100_000 + next(20_000)
  return `UPDATE items SET id = ${moved} WHERE id = ${id} AND NOT EXISTS (SELECT 1 FROM items WHERE id = ${moved})`
}

/** The table as the database has it, each row with all its columns as texts. */
export function inDatabase({ sql }: Database): Promise<Record<string, string | null>[]> {
  return sql(`SELECT id, name, price, to_char(made, 'YYYY-MM-DD HH24:MI:SS.US') AS made, md5(big) AS big, ok::text AS ok, day::text AS day,
    score, encode(raw, 'hex') AS raw, more, array_to_string(tags, ',', 'null') AS tags FROM items ORDER BY id`)
}

/** The same as our own SQL reads it. */
export async function inLake(place: Workplace): Promise<Record<string, unknown>[]> {
  return place.sql(`SELECT id, name, price::VARCHAR AS price, strftime(made AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f') AS made,
    md5(big) AS big, ok::VARCHAR AS ok, day::VARCHAR AS day, score::VARCHAR AS score, lower(hex(raw)) AS raw, more,
    array_to_string(list_transform(tags, lambda t: coalesce(t::VARCHAR, 'null')), ',') AS tags FROM items ORDER BY id`)
}

/** The same as delta-rs reads it. */
export async function byDeltaRs(judge: HttpAddress, place: Workplace): Promise<readonly Record<string, unknown>[]> {
  return judgeSql(judge, {
    table: join(place.folder, 'lake', 'items'),
    sql: `SELECT id, name, CAST(price AS VARCHAR) AS price, to_char(made, '%Y-%m-%d %H:%M:%S%.6f') AS made, md5(big) AS big,
      CAST(ok AS VARCHAR) AS ok, CAST(day AS VARCHAR) AS day, score, encode(raw, 'hex') AS raw, more,
      array_to_string(tags, ',', 'null') AS tags FROM t ORDER BY id`,
  })
}

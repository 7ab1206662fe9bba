import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type MariadbAddress, mariadbWith, openOwn, temporaryFolder } from '@millrace/testkit'
import { type Connection, createConnection } from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'
import { type Kinds, putDataset, type TruthDatabase } from './truth.ts'

type Below = (bound: number) => number

const KINDS: Kinds = {
  ...{ id: 'number', name: 'text', title: 'text', price: 'decimal', made: 'moment', big: 'digest', ok: 'number' },
  ...{ day: 'day', score: 'double', raw: 'bytes', more: 'text', extra: 'number' },
}

export const TRUTH_TABLES = {
  kinds: KINDS,
  columns: ['id', 'name', 'price', 'made', 'big', 'ok', 'day', 'score', 'raw'],
  statements: [
    'CREATE TABLE items (id BIGINT PRIMARY KEY, name VARCHAR(60), price DECIMAL(14,2), made DATETIME(3), big TEXT, ok INT, day DATE, score DOUBLE, raw VARBINARY(8))',
    'CREATE TABLE prices (id BIGINT PRIMARY KEY, n BIGINT)',
  ],
}

const ITEMS = {
  description: 'Items, as the database has them',
  format: 'debezium',
  fields: {
    ...{ id: { type: 'long' }, name: { type: 'text' }, title: { type: 'text' }, price: { type: 'decimal(14,2)' } },
    ...{ made: { type: 'timestamp' }, big: { type: 'text' }, ok: { type: 'long' }, day: { type: 'date' } },
    ...{ score: { type: 'double' }, raw: { type: 'text' }, more: { type: 'text' }, extra: { type: 'long' } },
  },
  columns: {
    ...{ id: { type: 'long' }, name: { type: 'string' }, title: { type: 'string' }, price: { type: 'decimal(14,2)' } },
    ...{ made: { type: 'timestamp' }, big: { type: 'string' }, ok: { type: 'long' }, day: { type: 'date' } },
    ...{ score: { type: 'double' }, raw: { type: 'binary' }, more: { type: 'string' }, extra: { type: 'long' } },
  },
  mode: 'upsert',
  key: ['id'],
}

const PRICES = {
  description: 'Prices, each from when it holds',
  format: 'debezium',
  fields: { id: { type: 'long' }, n: { type: 'long' }, __file: { type: 'text' }, __pos: { type: 'long' } },
  columns: { id: { type: 'long' }, n: { type: 'long' }, file: { type: 'string' }, pos: { type: 'long' } },
  ...{ mode: 'history', key: ['id'], sequenceBy: ['file', 'pos'] },
}

/** Opens a workplace whose data sets are `items` and the history `prices`. */
export async function openTruthPlace(password: string): Promise<Workplace> {
  const place = await openWorkplace({
    ...{ MYSQL_PWD: password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items,prices' },
  })
  onTestFinished(() => place.leave())
  const columns = Object.keys(ITEMS.columns).map((name) => (name === 'raw' ? 'from_base64(raw) AS raw' : name))
  await putDataset(place, 'items', ITEMS, `SELECT ${columns.join(', ')} FROM raw`)
  await putDataset(place, 'prices', PRICES, 'SELECT id, n, __file AS file, __pos AS pos FROM raw')
  return place
}

/** Starts a MariaDB of a test's own. */
export async function openOwnMariadb(next: Below) {
  const folder = await temporaryFolder(onTestFinished)
  const own = await openOwn<MariadbAddress>('mariadb', mariadbWith({}), folder, onTestFinished)
  const { host, port, user, password, ca, database: name } = own.address
  let opened: Promise<Connection> | undefined
  onTestFinished(async () => (await opened)?.destroy())
  const connect = async () => {
    const tls = { ca: await readFile(ca) }
    const made = await createConnection({ host, port, user, password, database: name, ssl: tls })
    made.on('error', () => {})
    await made.query("SET time_zone = '+00:00'")
    return made
  }
  const sql = async (text: string) => {
    opened ??= connect()
    const connection = await opened
    // The library misreads the last digit of a double that comes as text, as in the answer to any other statement.
    const [rows] = await (text.startsWith('SELECT') ? connection.execute(text) : connection.query(text))
    return rows as Record<string, unknown>[]
  }
  const database: TruthDatabase = {
    sql,
    change: (rows, columns) => change(sql, rows, columns.has('name') ? 'name' : 'title', next),
    async restart(how) {
      ;(await opened)?.destroy()
      opened = undefined
      const pidFile = join(folder, 'mariadb', 'pid')
      if (how === 'in order') {
        process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGTERM')
        await expect.poll(() => existsSync(pidFile), { timeout: 60_000 }).toBe(false)
      }
      await own.kill()
      await own.start()
    },
    alterType: (column, type) => `ALTER TABLE items MODIFY ${column} ${type}`,
    upsertPrices: (values) => `INSERT INTO prices (id, n) VALUES ${values} ON DUPLICATE KEY UPDATE n = VALUES(n)`,
    text: {
      ...{ number: (column) => column, text: (column) => column, double: (column) => column },
      ...{ list: (column) => column, digest: (column) => `md5(${column})`, bytes: (column) => `lower(hex(${column}))` },
      decimal: (column) => `CAST(CAST(${column} AS DECIMAL(14,2)) AS CHAR)`,
      moment: (column) => `DATE_FORMAT(${column}, '%Y-%m-%d %H:%i:%s.%f')`,
      day: (column) => `CAST(${column} AS CHAR)`,
    },
  }
  return { database, password, source: `mysql-cdc://${user}@${host}:${port}/${name}?tables=items,prices&ca=${ca}` }
}

async function change(sql: TruthDatabase['sql'], rows: number, name: string, next: Below): Promise<void> {
  for (let left = rows; left > 0; ) {
    const size = 1 + next(200)
    if (next(20) === 0) await sql('BEGIN')
    await sql(statement(next(10), next(20_000), size, name, next))
    if (next(10) === 0) await sql('ROLLBACK')
    else if (next(4) === 0) await sql('COMMIT')
    left -= size
  }
  await sql('COMMIT')
}

function statement(kind: number, id: number, size: number, name: string, next: Below): string {
  const range = `id BETWEEN ${id} AND ${id + size}`
  if (kind < 5) {
    const values = Array.from({ length: size }, (_, i) => {
      const big = next(50) === 0 ? `repeat(md5('${next(1e6)}'), 400)` : "'small'"
      return `(${id + i}, 'n"${next(1e6)}', ${next(1e6)}.5, '2026-01-01 00:00:00.00${next(10)}', ${big}, ${next(2)}, '2026-02-01' + INTERVAL ${next(1000)} DAY, ${next(1e6)} / 7e0, x'00ff0${next(10)}')`
    })
    return `INSERT INTO items (id, ${name}, price, made, big, ok, day, score, raw) VALUES ${values.join(',')}
      ON DUPLICATE KEY UPDATE ${name} = VALUES(${name}), price = price + 1`
  }
  if (kind < 7)
    return `UPDATE items SET price = price * 1.1, ${name} = concat(${name}, 'x'), score = -score WHERE ${range} AND length(${name}) < 40 AND price < 1e9`
  if (kind < 9) return `DELETE FROM items WHERE ${range}`
  return `UPDATE IGNORE items SET id = id + ${next(20_000)} WHERE id = ${id}`
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, type MariadbAddress, withServices } from '@millrace/testkit'
import { type Connection, createConnection } from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'
import { openPage, openShell } from './examples.ts'
import { openWorkplace, printed, type Workplace } from './millrace.ts'
import { numbers } from './random-changes.ts'

const it = withServices('mariadb')

/** Changes in all. MILLRACE_CHANGES=1000000 MILLRACE_KILLS=100 is the long form. */
const CHANGES = Number(process.env.MILLRACE_CHANGES ?? 50_000)
const KILLS = Number(process.env.MILLRACE_KILLS ?? 5)

const ITEMS = {
  description: 'Items, as the database has them',
  format: 'debezium',
  fields: {
    id: { type: 'long' },
    name: { type: 'text' },
    price: { type: 'decimal(12,2)' },
    made: { type: 'timestamp' },
    more: { type: 'text' },
  },
  columns: {
    ...{ id: { type: 'long' }, name: { type: 'string' }, price: { type: 'decimal(12,2)' } },
    ...{ made: { type: 'timestamp' }, more: { type: 'string' } },
  },
  mode: 'upsert',
  key: ['id'],
}

async function workplace(password: string): Promise<Workplace> {
  const place = await openWorkplace({
    ...{ MYSQL_PWD: password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items' },
  })
  onTestFinished(() => place.leave())
  const folder = join(place.folder, 'mine', 'items')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(ITEMS))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, name, price, made, more FROM raw')
  return place
}

/** Runs statements that change about so many rows: inserts, updates, deletes, changed keys, some in transactions. */
async function change(connection: Connection, rows: number, next: (below: number) => number): Promise<void> {
  for (let left = rows; left > 0; ) {
    const [id, size] = [next(20_000), 1 + next(200)]
    const kind = next(10)
    if (next(20) === 0) await connection.query('START TRANSACTION')
    if (kind < 5) {
      const values = Array.from(
        { length: size },
        (_, i) => `(${id + i}, 'n${next(1e6)}', ${next(1e6)}.5, '2026-01-01 00:00:00.00${next(10)}')`,
      )
      await connection.query(
        `INSERT INTO items (id, name, price, made) VALUES ${values.join(',')} ON DUPLICATE KEY UPDATE name = VALUES(name), price = price + 1`,
      )
    } else if (kind < 7)
      await connection.query(
        `UPDATE items SET price = price * 1.1, name = concat(name, 'x') WHERE id BETWEEN ${id} AND ${id + size} AND length(name) < 40`,
      )
    else if (kind < 9) await connection.query(`DELETE FROM items WHERE id BETWEEN ${id} AND ${id + size}`)
    else await connection.query(`UPDATE IGNORE items SET id = id + ${next(20_000)} WHERE id = ${id}`)
    if (next(10) === 0) await connection.query('ROLLBACK')
    else if (next(4) === 0) await connection.query('COMMIT')
    left -= size
  }
  await connection.query('COMMIT')
}

/** A database that nobody else uses, and a connection to it. */
async function ownDatabase({ host, port, user, password, ca }: MariadbAddress) {
  const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
  onTestFinished(() => connection.end())
  const database = freshName('millrace').replaceAll('-', '_')
  await connection.query(`CREATE DATABASE ${database}`)
  await connection.query(`USE ${database}`)
  return { connection, database }
}

it('MySQL becomes a Delta table in one command: rows, then changes, through kills and an altered table', async ({
  mariadb,
}) => {
  const { host, port, user, password, ca } = mariadb
  const { connection, database } = await ownDatabase(mariadb)
  await connection.query("SET time_zone = '+00:00', autocommit = 1")
  await connection.query(
    'CREATE TABLE items (id BIGINT PRIMARY KEY, name VARCHAR(60), price DECIMAL(12,2), made DATETIME(3))',
  )
  const next = numbers(7)
  await change(connection, CHANGES / 4, next)
  const place = await workplace(password)
  const source = `mysql-cdc://${user}@${host}:${port}/${database}?tables=items&ca=${ca}`
  const stream = ['stream', '--source', source, '--no-dashboard']
  for (let kill = 0; kill < KILLS; kill++) {
    const child = place.start(...stream, '--every', '200ms')
    const committed = printed(child, /commit/)
    await change(connection, CHANGES / 2 / KILLS, next)
    if (kill === 2) await connection.query("ALTER TABLE items ADD COLUMN more TEXT DEFAULT 'new' AFTER id")
    if (kill === 3) await connection.query('ALTER TABLE items MODIFY name TEXT')
    await committed
    child.kill('SIGKILL')
  }
  await change(connection, CHANGES / 4, next)
  expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })
  await change(connection, 100, next)
  expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })

  const columns = 'id, name, more, CAST(price AS CHAR) AS price, DATE_FORMAT(made, "%Y-%m-%d %H:%i:%s.%f") AS made'
  const [inDatabase] = await connection.query(`SELECT ${columns} FROM items ORDER BY id`)
  const inLake = await place.sql(
    `SELECT id, name, more, CAST(price AS VARCHAR) AS price, strftime(made, '%Y-%m-%d %H:%M:%S.%f') AS made FROM items ORDER BY id`,
  )
  expect(inLake.length).toBeGreaterThan(100)
  expect(inLake).toEqual(inDatabase)
  expect(await place.run('quarantine', 'list', '--json')).toMatchObject({ exitCode: 0 })
})

it('the example of docs/database-changes.md makes a table of a table', async ({ mariadb }) => {
  const { host, port, user, password, ca } = mariadb
  const { connection, database } = await ownDatabase(mariadb)
  await connection.query(`CREATE TABLE ${database}.items (id BIGINT PRIMARY KEY, name TEXT, price DECIMAL(12,2))`)
  await connection.query(`INSERT INTO ${database}.items VALUES (1, 'tea', 2.5), (2, 'cup', 7), (3, 'pot', 20)`)
  const place = await openShell({ MILLRACE_DATASETS: 'items', MILLRACE_DATASET_FOLDERS: 'datasets' })
  const [page, text] = await Promise.all([
    openPage('database-changes.md'),
    readFile(join(import.meta.dirname, '../../docs/database-changes.md'), 'utf8'),
  ])
  const folder = join(place.folder, 'datasets', 'items')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), /```jsonc\n(.*?)```/s.exec(text)?.[1] ?? '')
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, name, price FROM raw')
  const [example = ''] = page.examplesOf('mysql-cdc://')
  const here = {
    'MYSQL_PWD=…': `MYSQL_PWD='${password}'`,
    'reader@db.example:3306/shop': `${user}@${host}:${port}/${database}`,
    '/etc/ssl/db-ca.pem': ca,
    'millrace stream': 'millrace stream --until-caught-up',
  }
  const rows = await page.run(place, example, here)
  expect(rows, rows.output).toMatchObject({ exitCode: 0 })
  await connection.query(`UPDATE ${database}.items SET price = 8 WHERE id = 2`)
  await connection.query(`DELETE FROM ${database}.items WHERE id = 3`)
  expect(await page.run(place, example, here)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id, name, price::DOUBLE AS price FROM items ORDER BY id')).toEqual([
    { id: 1, name: 'tea', price: 2.5 },
    { id: 2, name: 'cup', price: 8 },
  ])
})

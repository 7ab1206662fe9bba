import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, type MariadbAddress, withServices } from '@millrace/testkit'
import { createConnection } from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'
import { openPage, openShell } from './examples.ts'
import { openOwnMariadb, openTruthPlace, TRUTH_TABLES } from './mysql-changes.ts'
import { numbers } from './random-changes.ts'
import { judge, keepPriceLog, play, WITHIN } from './truth.ts'

const it = withServices('mariadb', 'judge', 'spark', 'trino', 's3')

it(
  'MariaDB becomes Delta tables in one command: rows, changes and versions, through altered tables, kills of the worker and of the database',
  WITHIN,
  async ({ judge: deltaRs, spark, trino, s3 }) => {
    const next = numbers(7)
    const { database, source, password } = await openOwnMariadb(next)
    for (const statement of TRUTH_TABLES.statements) await database.sql(statement)
    const place = await openTruthPlace(password)
    const { kinds, columns } = TRUTH_TABLES
    const truth = { database, kinds, columns: new Set(columns), prices: keepPriceLog() }
    await play(place, ['stream', '--source', source, '--no-dashboard'], truth, next)
    await judge(place, truth, { judge: deltaRs, spark, trino, s3 })
  },
)

/** A database that nobody else uses, and a connection to it. */
async function ownDatabase({ host, port, user, password, ca }: MariadbAddress) {
  const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
  onTestFinished(() => connection.end())
  const database = freshName('millrace').replaceAll('-', '_')
  await connection.query(`CREATE DATABASE ${database}`)
  await connection.query(`USE ${database}`)
  return { connection, database }
}

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

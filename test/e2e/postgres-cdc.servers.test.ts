import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openPage, openShell } from './examples.ts'
import { openDatabase, openOwnPostgres, placeOf, TRUTH_TABLES } from './postgres-changes.ts'
import { numbers } from './random-changes.ts'
import { judge, keepPriceLog, play, WITHIN } from './truth.ts'

const it = withServices('postgres', 'judge', 'spark', 'trino', 's3')

it(
  'PostgreSQL becomes Delta tables in one command: rows, changes and versions, through altered tables, kills of the worker and restarts of the database',
  WITHIN,
  async ({ judge: deltaRs, spark, trino, s3 }) => {
    const next = numbers(7)
    const { database, source, password } = await openOwnPostgres(next)
    for (const statement of TRUTH_TABLES.statements) await database.sql(statement)
    const place = await placeOf(password)
    const { kinds, columns } = TRUTH_TABLES
    const truth = { database, kinds, columns: new Set(columns), prices: keepPriceLog() }
    await play(place, ['stream', '--source', source, '--no-dashboard'], truth, next)
    await judge(place, truth, { judge: deltaRs, spark, trino, s3 })
  },
)

it('the example of docs/database-changes.md makes a table of a table of PostgreSQL', async ({ postgres }) => {
  const { host, port, user, password, ca } = postgres
  const name = freshName('example').replaceAll('-', '_')
  const admin = await openDatabase(postgres, postgres.database)
  await admin.sql(`CREATE DATABASE ${name}`)
  const db = await openDatabase(postgres, name)
  await db.sql('CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, price NUMERIC(12,2))')
  await db.sql("INSERT INTO items VALUES (1, 'tea', 2.5), (2, 'cup', 7), (3, 'pot', 20)")
  const place = await openShell({ MILLRACE_DATASETS: 'items', MILLRACE_DATASET_FOLDERS: 'datasets' })
  const [page, text] = await Promise.all([
    openPage('database-changes.md'),
    readFile(join(import.meta.dirname, '../../docs/database-changes.md'), 'utf8'),
  ])
  const folder = join(place.folder, 'datasets', 'items')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), /```jsonc\n(.*?)```/s.exec(text)?.[1] ?? '')
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, name, price FROM raw')
  const [example = ''] = page.examplesOf('postgres-cdc://')
  const here = {
    'PGPASSWORD=…': `PGPASSWORD='${password}'`,
    'reader@db.example:5432/shop': `${user}@${host}:${port}/${name}`,
    '/etc/ssl/db-ca.pem': ca,
    'millrace stream': 'millrace stream --until-caught-up',
  }
  const rows = await page.run(place, example, here)
  expect(rows, rows.output).toMatchObject({ exitCode: 0 })
  await db.sql('UPDATE items SET price = 8 WHERE id = 2; DELETE FROM items WHERE id = 3')
  expect(await page.run(place, example, here)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT id, name, price::DOUBLE AS price FROM items ORDER BY id')).toEqual([
    { id: 1, name: 'tea', price: 2.5 },
    { id: 2, name: 'cup', price: 8 },
  ])
  await admin.sql(`SELECT pg_drop_replication_slot('millrace_${name}')`)
})

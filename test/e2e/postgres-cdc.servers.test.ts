import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  freshName,
  openOwn,
  type PostgresAddress,
  postgres as server,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openPage, openShell } from './examples.ts'
import { printed } from './millrace.ts'
import { byDeltaRs, change, inDatabase, inLake, openDatabase, placeOf, TABLE } from './postgres-changes.ts'
import { numbers } from './random-changes.ts'

const it = withServices('postgres', 'judge')

/** Changes in all. MILLRACE_CHANGES=1000000 MILLRACE_KILLS=100 is the long form. */
const CHANGES = Number(process.env.MILLRACE_CHANGES ?? 50_000)
const KILLS = Number(process.env.MILLRACE_KILLS ?? 5)

/** Numbers are compared as numbers: each engine writes them in its own way. */
const comparable = (rows: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  rows.map(({ id, score, ...row }) => ({ ...row, id: Number(id), score: score === null ? null : Number(score) }))

/** As an administrator does it: the server waits for whoever follows its log. */
async function shutDown(pidFile: string): Promise<void> {
  process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), 'SIGINT')
  await expect.poll(() => existsSync(pidFile), { timeout: 30_000 }).toBe(false)
}

it('PostgreSQL becomes a Delta table in one command: rows, then changes, through kills, restarts of the database and altered tables', async ({
  judge,
}) => {
  const folder = await temporaryFolder(onTestFinished)
  const own = await openOwn<PostgresAddress>('postgres', server, folder, onTestFinished)
  const { host, port, user, password, ca, database } = own.address
  const db = await openDatabase(own.address, database)
  await db.sql(TABLE)
  await db.sql('CREATE TABLE notes (id BIGINT PRIMARY KEY, note TEXT)')
  const next = numbers(7)
  await change(db, CHANGES / 4, next)
  const place = await placeOf(password)
  const source = `postgres-cdc://${user}@${host}:${port}/${database}?tables=items,notes&ca=${ca}`
  const stream = ['stream', '--source', source, '--no-dashboard']
  for (let kill = 0; kill < KILLS; kill++) {
    const child = place.start(...stream, '--every', '200ms')
    const committed = printed(child, /commit/)
    await change(db, CHANGES / 2 / KILLS, next)
    if (kill === 1)
      await db.sql("ALTER TABLE items ADD COLUMN more TEXT; UPDATE items SET more = 'new' WHERE id % 2 = 0")
    if (kill === 2) await db.sql('ALTER TABLE items ALTER name TYPE VARCHAR(60), ALTER price TYPE NUMERIC(13,2)')
    await committed
    if (kill % 10 === 3) {
      await own.kill()
      await own.start()
      await change(db, 200, next)
    }
    if (kill % 10 === 1) {
      await shutDown(join(folder, 'postgres/tables/postmaster.pid'))
      await own.kill()
      await own.start()
      await change(db, 200, next)
    }
    child.kill('SIGKILL')
  }
  await change(db, CHANGES / 4, next)
  expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })
  await change(db, 100, next)
  expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })

  const wanted = comparable(await inDatabase(db))
  expect(wanted.length).toBeGreaterThan(100)
  expect(comparable(await inLake(place))).toEqual(wanted)
  expect(comparable(await byDeltaRs(judge, place))).toEqual(wanted)
  expect(await place.sql('SELECT id::VARCHAR AS id, note FROM notes ORDER BY notes.id')).toEqual(
    await db.sql('SELECT id, note FROM notes ORDER BY id'),
  )
  expect(wanted.some(({ more }) => more === 'new')).toBe(true)
})

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

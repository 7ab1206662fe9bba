import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openOwn, type PostgresAddress, postgres as server, temporaryFolder, withServices } from '@millrace/testkit'
import { openSource } from '@millrace/transport'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { readingBy } from './database.ts'

const it = withServices('postgres')

it('a server that is shut down need not wait for us, also while it answers a statement of ours', async () => {
  const folder = await temporaryFolder(onTestFinished)
  const own = await openOwn<PostgresAddress>('postgres', server, folder, onTestFinished)
  const { host, port, user, password, ca, database } = own.address
  process.env.PGPASSWORD = password
  const client = new pg.Client({ host, port, user, password, database, ssl: { rejectUnauthorized: false } })
  client.on('error', () => {})
  await client.connect()
  await client.query('CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY)')
  const address = `postgres-cdc://${user}@${host}:${port}/${database}?ca=${ca}`
  const source = await openSource(address, systemRuntime, { group: 'shutdown' })
  onTestFinished(() => source.close())
  const [a, b] = [await readingBy(source, 'a'), await readingBy(source, 'b')]
  const [fromA, fromB] = [await a.start('latest'), await b.start('earliest')]
  await source.subscribe(['public.a', 'public.b'], { assigned: async () => {}, revoked: async () => {} })
  await client.query('INSERT INTO a VALUES (1)')
  await a.through(fromA)
  // The server would wait until more is confirmed.
  await source.acknowledge(new Map([[a.partition, fromA]]))
  await source.acknowledge(new Map([[b.partition, fromB]]))
  await client.query('BEGIN; LOCK TABLE b')
  const rows = source.read(b.partition, fromB, { maxBytes: 1 << 16, waitMs: 10_000 })
  rows.catch(() => {})
  const waiting = () => client.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
  await expect.poll(async () => (await waiting()).rowCount, { timeout: 10_000 }).toBe(1)

  const pidFile = join(folder, 'postgres/tables/postmaster.pid')
  process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), 'SIGINT')
  await expect(rows).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  await expect.poll(() => existsSync(pidFile), { timeout: 20_000 }).toBe(false)
})

import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  openOwn,
  type PostgresAddress,
  type PostgresVariant,
  postgresNewestWith,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'
import { openDatabase } from './postgres-changes.ts'
import { putDataset, putNumbers } from './truth.ts'

const it = withServices('postgresNewest')
const LONG = { timeout: 60_000, interval: 200 }

async function ownServer(variant: PostgresVariant) {
  const folder = await temporaryFolder(onTestFinished)
  const server = await openOwn<PostgresAddress>('postgresNewest', postgresNewestWith(variant), folder, onTestFinished)
  const { host, port, user, password, ca, database } = server.address
  const source = `postgres-cdc://${user}@${host}:${port}/${database}?tables=items,events&ca=${ca}`
  const { sql } = await openDatabase(server.address, database)
  return { ...server, source, password, sql, files: join(folder, 'postgresNewest', 'tables') }
}

type OwnServer = Awaited<ReturnType<typeof ownServer>>

/** Starts a standby that synchronizes slots. */
async function standbyOf({ address, password, sql, files }: OwnServer): Promise<OwnServer> {
  const { host, port, user, database } = address
  const login = `host=${host} port=${port} user=${user} password=${password} dbname=${database} sslmode=require`
  await sql("SELECT pg_create_physical_replication_slot('standby', true)")
  return ownServer({
    settings: {
      ...{ primary_conninfo: login, primary_slot_name: 'standby', hot_standby_feedback: 'on' },
      sync_replication_slots: 'on',
    },
    async fill(to) {
      await sql("SELECT pg_backup_start('standby', true)")
      await cp(files, to, { recursive: true, preserveTimestamps: true })
      const [{ labelfile } = {}] = await sql('SELECT labelfile FROM pg_backup_stop()')
      await rm(join(to, 'postmaster.pid'))
      await writeFile(join(to, 'backup_label'), labelfile ?? '')
      await writeFile(join(to, 'standby.signal'), '')
    },
  })
}

it('a standby of PostgreSQL takes the place of its primary: the worker goes on by the failover slot, and no change is lost or comes twice', async () => {
  const primary = await ownServer({ settings: { synchronized_standby_slots: 'standby' } })
  await primary.sql('CREATE TABLE items (id BIGINT PRIMARY KEY, n BIGINT); CREATE TABLE events (id BIGINT PRIMARY KEY)')
  const standby = await standbyOf(primary)
  const place = await openWorkplace({
    ...{ PGPASSWORD: primary.password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items,events' },
  })
  onTestFinished(() => place.leave())
  await putNumbers(place)
  const fields = { id: { type: 'long' } }
  const appended = { description: 'What was added', format: 'debezium', fields, columns: fields }
  await putDataset(place, 'events', appended, 'SELECT id FROM raw')
  let written = 0
  /** Changes rows of `items`, and adds some to `events`, in transactions. */
  const change = async ({ sql }: OwnServer, times: number) => {
    for (let i = 0; i < times; i++) {
      const from = written
      written += 100
      await sql(`BEGIN; INSERT INTO items SELECT g, g FROM generate_series(${from}, ${written - 1}) g;
        INSERT INTO events SELECT g FROM generate_series(${from}, ${written - 1}) g; UPDATE items SET n = n + 1 WHERE id % 7 = ${i % 7};
        DELETE FROM items WHERE id % 13 = ${i % 13} AND id < ${from}; COMMIT`)
    }
  }
  const stream = (of: OwnServer) => ['stream', '--source', of.source, '--no-dashboard', '--every', '100ms']
  await change(primary, 5)
  const worker = place.start(...stream(primary))
  await printed(worker, /commit/)
  // The server synchronizes a slot when the standby has all that it needs, which comes while it is read.
  const synced =
    "SELECT slot_name FROM pg_replication_slots WHERE synced AND NOT temporary AND slot_name = 'millrace_postgres'"
  await expect
    .poll(async () => {
      await change(primary, 1)
      return standby.sql(synced)
    }, LONG)
    .toHaveLength(1)
  await change(primary, 20)
  await expect.poll(() => place.sql('SELECT count(*) > 1000 AS much FROM events'), LONG).toEqual([{ much: true }])
  await change(primary, 20)
  worker.kill('SIGKILL')
  await change(primary, 5)
  const [{ at } = {}] = await primary.sql('SELECT pg_current_wal_flush_lsn() AS at')
  await expect
    .poll(() => standby.sql(`SELECT pg_last_wal_replay_lsn() >= '${at}' AS has`), LONG)
    .toEqual([{ has: 't' }])
  await primary.kill()
  const early = await place.run(...stream(standby), '--until-caught-up')
  expect(early.stderr).toMatch(/SOURCE_UNSUPPORTED.*it is a standby/s)
  await standby.sql('SELECT pg_promote()')
  for (const statement of [
    '',
    'ALTER TABLE items ADD COLUMN more INT DEFAULT 5',
    'DELETE FROM items WHERE id % 5 = 0',
  ]) {
    await change(standby, 5)
    await standby.sql(statement)
    const goneOn = await place.run(...stream(standby), '--until-caught-up')
    expect(goneOn, goneOn.stderr).toMatchObject({ exitCode: 0 })
    const there = await standby.sql('SELECT id, n FROM items ORDER BY id')
    expect(await place.sql('SELECT id::VARCHAR AS id, n::VARCHAR AS n FROM items ORDER BY items.id')).toEqual(there)
    expect(await place.sql('SELECT count(*)::INTEGER AS n, count(DISTINCT id)::INTEGER AS ids FROM events')).toEqual([
      { n: written, ids: written },
    ])
  }
  const verified = await place.run('verify')
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 })
})

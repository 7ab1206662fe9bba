import { systemRuntime } from '@millrace/base'
import {
  openOwn,
  type PostgresAddress,
  type PostgresVariant,
  postgresWith,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { openSource, type Partition } from '@millrace/transport'
import { expect, onTestFinished } from 'vitest'
import { openDatabase, placeOf } from './postgres-changes.ts'

const it = withServices('postgres')

const LONG = { timeout: 60_000 }

async function ownServer(settings: PostgresVariant['settings'] = {}) {
  const folder = await temporaryFolder(onTestFinished)
  const { address } = await openOwn<PostgresAddress>('postgres', postgresWith({ settings }), folder, onTestFinished)
  const { host, port, user, password, ca, database } = address
  process.env.PGPASSWORD = password
  const source = `postgres-cdc://${user}@${host}:${port}/${database}?tables=items&ca=${ca}`
  return { address, source, password, db: await openDatabase(address, database) }
}

it('a commit that is in the log before it can be seen is waited for: its row is in the table that is read', async () => {
  const { address, db, source: url } = await ownServer()
  await db.sql('CREATE TABLE items (id BIGINT PRIMARY KEY)')
  const source = await openSource(url, systemRuntime, { group: 'millrace' })
  onTestFinished(() => source.close())
  const [items] = (await source.partitions('public.items')) as [Partition]
  await source.resolve(items, 'latest')
  // A commit waits for a standby that does not exist, after it was written to the log.
  await db.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
  await db.sql('SELECT pg_reload_conf()')
  const other = await openDatabase(address, address.database)
  await expect
    .poll(() => other.sql('SHOW synchronous_standby_names'), LONG)
    .toEqual([{ synchronous_standby_names: 'nobody' }])
  const committing = other.sql('INSERT INTO items VALUES (1)')
  const waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
  await expect.poll(() => db.sql(waits), LONG).toHaveLength(1)
  const resolving = source.resolve(items, 'earliest')
  const read = resolving.then((at) => source.read(items, at, { maxBytes: 1 << 20, waitMs: 1 }))
  await expect
    .poll(() => db.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_snapshot_xmin%'"), LONG)
    .toHaveLength(1)
  await db.sql('SET synchronous_commit = local')
  await db.sql('ALTER SYSTEM RESET synchronous_standby_names')
  await db.sql('SELECT pg_reload_conf()')
  await committing
  expect((await read)?.count).toBe(1)
})

it('a slot whose log the server has thrown away is refused, and doctor tells how much is kept', async () => {
  const { db, source, password } = await ownServer({ max_slot_wal_keep_size: '1MB' })
  await db.sql('CREATE TABLE items (id BIGINT PRIMARY KEY); CREATE TABLE notes (id BIGINT PRIMARY KEY)')
  await db.sql('INSERT INTO items VALUES (1)')
  const place = await placeOf(password)
  const settings = ['--source', source, '--datasets', 'items']
  const stream = ['stream', ...settings, '--no-dashboard', '--until-caught-up']
  expect(await place.run(...stream)).toMatchObject({ exitCode: 0 })
  const healthy = await place.run('doctor', ...settings)
  expect(healthy.stdout + healthy.stderr).toMatch(
    /slot millrace_postgres.*MB of the log are kept for it, nobody reads it now/,
  )
  for (let i = 0; i < 4; i++)
    await db.sql(`INSERT INTO items VALUES (${10 + i})`).then(() => db.sql('SELECT pg_switch_wal()'))
  await db.sql('CHECKPOINT')
  const refused = await place.run(...stream)
  expect(refused.exitCode, refused.stderr).toBe(1)
  expect(refused.stderr).toMatch(/OFFSET_OUT_OF_RANGE.*thrown away/s)
  const lost = await place.run('doctor', ...settings)
  expect(lost.stdout + lost.stderr).toMatch(/slot millrace_postgres.*given it up/)
  await db.sql("SELECT pg_drop_replication_slot('millrace_postgres')")
  expect(await place.run(...stream, '--group', 'again', '--another-group')).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT count(*)::INTEGER AS n FROM items')).toEqual([{ n: 5 }])
})

it('a server without wal_level=logical is refused with what to do', async () => {
  const { db, source, password } = await ownServer({ wal_level: 'replica' })
  await db.sql('CREATE TABLE items (id BIGINT PRIMARY KEY)')
  const place = await placeOf(password)
  const stream = await place.run(
    'stream',
    '--source',
    source,
    '--datasets',
    'items',
    '--no-dashboard',
    '--until-caught-up',
  )
  expect(stream.exitCode).toBe(1)
  expect(stream.stderr).toMatch(/wal_level is replica.*ALTER SYSTEM SET wal_level/s)
})

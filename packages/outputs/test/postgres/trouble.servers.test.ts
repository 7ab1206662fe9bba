import { execFileSync } from 'node:child_process'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Output } from '@millrace/outputs'
import { freshName, type PostgresAddress, temporaryFolder, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
// The output is opened as a worker does it, but for a login that each test limits in its own way.
import { openPostgres } from '../../src/postgres/output.ts'
import { type Batches, openBatches } from '../batches.ts'
import { peopleDataset, person } from '../keyed.ts'
import { asked, connected } from './place.ts'

const test = withServices('postgres')
const P0 = { topic: 'people', identity: 'first', id: '0' }
const PASSWORD = 'worker-secret'

let batches: Batches
beforeAll(async () => {
  batches = await openBatches(peopleDataset())
})
afterAll(() => batches.close())

/** An output under a login of its own, in a schema of its own that the login owns, with a first position of 0. */
async function openPlace(server: PostgresAddress) {
  const [login, schema] = [freshName('worker'), freshName('trouble')]
  await asked(
    server,
    `CREATE ROLE "${login}" LOGIN PASSWORD '${PASSWORD}'; CREATE SCHEMA "${schema}" AUTHORIZATION "${login}"`,
  )
  process.env.PGPASSWORD = PASSWORD
  const { host, port, database, ca } = server
  const address = `postgres://${login}@${host}:${port}/${database}?schema=${schema}&ca=${ca}`
  const output: Output = await openPostgres({
    ...batches,
    address,
    table: 'people',
    group: 'g',
    store: undefined as never,
  })
  onTestFinished(() => output.close())
  const start = async () => {
    await output.begin([P0])
    await output.commit(undefined, [{ partition: P0, from: undefined, to: [0n] }])
  }
  const prepare = (people: readonly number[], name = 'a') => {
    const values = people.map((id) => person(id, 1, name))
    return output.prepare(batches.batch('g', { partition: P0, from: 0, values }))
  }
  return {
    ...{ output, login, table: `"${schema}".people`, start, prepare },
    commit: async (prepared: Awaited<ReturnType<typeof prepare>>) =>
      output.commit(prepared, [{ partition: P0, from: [0n], to: [10n] }]),
    ids: async () => (await asked(server, `SELECT id FROM "${schema}".people ORDER BY 1`)).map(({ id }) => Number(id)),
  }
}

const WAITS = { code: 'STORE_FAILED', retry: true }

test('too many connections: it waits for one', async ({ postgres }) => {
  const { login, start, ids } = await openPlace(postgres)
  await asked(postgres, `ALTER ROLE "${login}" CONNECTION LIMIT 1`)
  const other = await connected({ ...postgres, user: login, password: PASSWORD })
  await expect(start()).rejects.toMatchObject(WAITS)
  await other.end()
  await expect
    .poll(() =>
      start().then(
        () => 'started',
        (error: Error) => error.message,
      ),
    )
    .toBe('started')
  expect(await ids()).toEqual([])
})

test.for([
  { what: 'a statement that takes too long', setting: "statement_timeout = '100ms'" },
  { what: 'a lock that is not to be had', setting: "lock_timeout = '100ms'" },
])('$what: nothing is stored, and the next call is as good', async ({ setting }, { postgres }) => {
  const { login, table, start, prepare, commit, ids } = await openPlace(postgres)
  await start()
  await asked(postgres, `ALTER ROLE "${login}" SET ${setting}`)
  const prepared = await prepare([1, 2])
  const other = await connected(postgres)
  await other.query(`BEGIN; LOCK TABLE ${table}`)
  // A session has the settings of its beginning: the first failure ends the one from before.
  await asked(postgres, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${login}'`)
  await expect(commit(prepared)).rejects.toMatchObject(WAITS)
  await expect(commit(prepared)).rejects.toMatchObject(WAITS)
  await other.query('ROLLBACK')
  await other.end()
  expect(await commit(prepared)).toMatchObject({ outcome: 'committed' })
  expect(await ids()).toEqual([1, 2])
})

test('a server that became read-only: it waits for one that is not', async ({ postgres }) => {
  const { output, login, start, prepare, commit, ids } = await openPlace(postgres)
  await start()
  const prepared = await prepare([1, 2])
  await asked(postgres, `ALTER ROLE "${login}" SET default_transaction_read_only = on`)
  await output.close()
  await expect(commit(prepared)).rejects.toMatchObject(WAITS)
  await asked(postgres, `ALTER ROLE "${login}" RESET default_transaction_read_only`)
  expect(await commit(prepared)).toMatchObject({ outcome: 'committed' })
  expect(await ids()).toEqual([1, 2])
})

test('a deadlock with somebody else: it gives way and commits afterwards', async ({ postgres }) => {
  const { login, table, start, prepare, commit, ids } = await openPlace(postgres)
  await asked(postgres, `ALTER ROLE "${login}" SET deadlock_timeout = '3s'`)
  await start()
  await asked(postgres, `INSERT INTO ${table} VALUES (1, 'old', 0), (2, 'old', 0)`)
  const other = await connected(postgres)
  await other.query(`SET deadlock_timeout = '60s'; BEGIN; UPDATE ${table} SET name = 'theirs' WHERE id = 2`)
  const failing = commit(await prepare([1, 2])).catch((error: unknown) => error)
  const waiting = () =>
    asked(
      postgres,
      `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE NOT granted AND locktype = 'transactionid' AND usename = '${login}'`,
    )
  await expect.poll(waiting).not.toEqual([])
  const theirs = other.query(`UPDATE ${table} SET name = 'theirs' WHERE id = 1`)
  expect(await failing).toMatchObject(WAITS)
  await theirs
  await other.query('COMMIT')
  await other.end()
  expect(await commit(await prepare([1, 2]))).toMatchObject({ outcome: 'committed' })
  expect(await asked(postgres, `SELECT DISTINCT name FROM ${table}`)).toEqual([{ name: 'a' }])
  expect(await ids()).toEqual([1, 2])
})

test('a disk that is full: it waits for room', async ({ postgres, skip }) => {
  const folder = join(await temporaryFolder(onTestFinished), 'small')
  await mkdir(folder)
  const shell = (command: string) => execFileSync('sh', ['-c', command, folder], { stdio: 'ignore' })
  try {
    shell('mount -t tmpfs -o size=2m tmpfs "$0" && chmod 711 "$0/.."')
  } catch {
    skip('needs the right to mount a small disk')
  }
  onTestFinished(() => void shell('umount --lazy "$0"'))
  await chown(folder, 65_534, 65_534)
  const { login, table, start, prepare, commit, ids } = await openPlace(postgres)
  const space = freshName('small')
  await asked(postgres, `CREATE TABLESPACE "${space}" LOCATION '${folder}'`)
  onTestFinished(async () => {
    await asked(postgres, `DROP TABLE ${table}`)
    await asked(postgres, `DROP TABLESPACE "${space}"`)
  })
  await asked(postgres, `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text, seq bigint) TABLESPACE "${space}"`)
  await asked(postgres, `ALTER TABLE ${table} OWNER TO "${login}"`)
  await start()
  const many = Array.from({ length: 4000 }, (_, i) => i)
  const prepared = await prepare(many, 'long '.repeat(300))
  await expect(commit(prepared)).rejects.toMatchObject(WAITS)
  expect(await ids()).toEqual([])
  shell('mount -o remount,size=64m "$0"')
  expect(await commit(prepared)).toMatchObject({ outcome: 'committed' })
  expect(await ids()).toEqual(many)
})

import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openSource, type Position } from '@millrace/transport'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { applied, type Change, changesIn, inOrder } from '../logged-changes.ts'
import { newDatabase, readingBy, readingOf, rowsOf, type TestDatabase } from './database.ts'

/** A transaction that has done nothing to any table, and runs until it is ended. */
async function runningTransaction({ sql, name }: TestDatabase): Promise<{ end(): Promise<unknown> }> {
  await sql(`BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION '${name}'`)
  const end = () => sql(`ROLLBACK PREPARED '${name}'`)
  onTestFinished(async () => void (await end().catch(() => {})))
  return { end }
}

/** Its seconds pass a hundred times faster. */
const hasty = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() * 100 }

async function hastyReading({ address, group }: TestDatabase, table: string) {
  const source = await openSource(address, hasty, { group })
  onTestFinished(() => source.close())
  return readingBy(source, table)
}

/** Asks until the transactions of other tests are over too. */
const whenFree = <T>(ask: () => Promise<T>) => vi.waitFor(ask, { timeout: 60_000 })

const held = { code: 'SOURCE_UNREACHABLE', message: /when the transactions are over/ }

const VERSIONS = ['postgres', 'postgresNewest'] as const
const withBoth = withServices(...VERSIONS)

for (const version of VERSIONS) {
  const it = withBoth.extend('server', ({ postgres, postgresNewest }) => ({ postgres, postgresNewest })[version])
  describe(`a beginning that a transaction holds up (${version})`, () => {
    it('goes with what the table looked like then, not with what it looks like when it is asked for again', async ({
      server,
    }) => {
      const database = await newDatabase(server)
      const { sql } = database
      await sql('CREATE TABLE users (id INT PRIMARY KEY, a INT); INSERT INTO users VALUES (1, 1), (2, 2)')
      const { start, through } = await hastyReading(database, 'users')
      // Makes the slot, for which the server itself would wait.
      await start('latest')
      const transaction = await runningTransaction(database)
      await expect(start('earliest')).rejects.toMatchObject(held)
      await sql('UPDATE users SET a = 7 WHERE id = 1; ALTER TABLE users ADD COLUMN c INT DEFAULT 5')
      await transaction.end()
      const from = await whenFree(() => start('earliest'))
      const { changes } = await whenFree(() => through(from))
      expect(inOrder(applied(changes))).toEqual(await rowsOf(database, 'users'))
    })

    it('is not gone back to by whoever has read on since', async ({ server }) => {
      const database = await newDatabase(server)
      const { sql } = database
      await sql('CREATE TABLE users (id INT PRIMARY KEY, a INT)')
      const { source, partition, start, through } = await hastyReading(database, 'users')
      const from = await start('latest')
      const transaction = await runningTransaction(database)
      await sql('ALTER TABLE users ADD COLUMN c INT DEFAULT 5')
      await expect(through(from)).rejects.toMatchObject(held)
      await sql('ALTER TABLE users DROP COLUMN c; INSERT INTO users VALUES (1, 1)')
      const first = await through(from)
      expect(first.changes.map(({ op }) => op)).toEqual(['c'])
      await source.acknowledge(new Map([[partition, first.to]]))
      await transaction.end()
      await sql('INSERT INTO users VALUES (2, 2); ALTER TABLE users ADD COLUMN d INT DEFAULT 6')
      const { changes } = await whenFree(() => through(first.to))
      expect(changes.map(({ op, after }) => [op, after])).toEqual([
        ['c', { id: 2, a: 2 }],
        ['r', { id: 1, a: 1, d: 6 }],
        ['r', { id: 2, a: 2, d: 6 }],
      ])
    })
  })

  describe(`rows are read again (${version})`, () => {
    const statements = [
      [
        'a column filled by a default that is gone since',
        'ADD c INT DEFAULT 5; ALTER TABLE users ALTER c DROP DEFAULT',
      ],
      ['one that differs by row', 'ADD c INT DEFAULT random() * 9; ALTER TABLE users ALTER c DROP DEFAULT'],
      ['one that is NOT NULL', 'ADD c INT NOT NULL DEFAULT random() * 9; ALTER TABLE users ALTER c DROP DEFAULT'],
      ['values that a new column got from others', "ADD c TEXT; ALTER TABLE users ALTER c TYPE TEXT USING 'x' || a"],
      ['values of the same type', 'ALTER a TYPE INT USING a * 100'],
    ] as const
    for (const kind of ['', 'PARTITION BY HASH (id)']) {
      it.for(statements)(`after %s ${kind}`, async ([, statement], { server }) => {
        const database = await newDatabase(server)
        const { sql } = database
        await sql(`CREATE TABLE users (id INT PRIMARY KEY, a INT) ${kind}`)
        if (kind !== '') await sql('CREATE TABLE part PARTITION OF users FOR VALUES WITH (MODULUS 1, REMAINDER 0)')
        await sql('INSERT INTO users SELECT g, g FROM generate_series(1, 10) g')
        const { start, through } = await readingOf(database, 'users')
        const before = await through(await start('earliest'))
        await sql(`ALTER TABLE users ${statement}`)
        const { changes } = await through(before.to)
        expect(inOrder(applied([...before.changes, ...changes]))).toEqual(await rowsOf(database, 'users'))
      })
    }

    it('not after what leaves their values alone', async ({ server }) => {
      const database = await newDatabase(server)
      const { sql } = database
      await sql('CREATE TABLE users (id INT PRIMARY KEY, a INT); INSERT INTO users VALUES (1, 1)')
      const { start, through } = await readingOf(database, 'users')
      let { to } = await through(await start('earliest'))
      for (const statement of [
        'VACUUM FULL users',
        'CLUSTER users USING users_pkey',
        'ALTER TABLE users ADD c TEXT',
        'ALTER TABLE users ALTER c SET DEFAULT 7, ALTER a SET NOT NULL',
        'REINDEX TABLE users',
      ]) {
        await sql(statement)
        const more = await through(to)
        expect(more.changes, statement).toEqual([])
        to = more.to
      }
    })
  })

  describe(`a table whose rows are being read (${version})`, () => {
    for (const reader of ['the same reader', 'another one']) {
      it(`is read anew when its key is another one, by ${reader}`, async ({ server }) => {
        const database = await newDatabase(server)
        const { sql } = database
        await sql('CREATE TABLE users (id INT PRIMARY KEY, code INT NOT NULL)')
        await sql('INSERT INTO users SELECT g, 1000 - g FROM generate_series(1, 900) g')
        const { source, partition, start, through } = await readingOf(database, 'users')
        const block = await source.read(partition, await start('earliest'), {
          maxBytes: 1 << 15,
          waitMs: 1,
          keys: true,
        })
        if (!block) throw new Error('no rows came')
        expect(block.count).toBeLessThan(900)
        await sql('ALTER TABLE users DROP CONSTRAINT users_pkey; ALTER TABLE users ADD PRIMARY KEY (code)')
        if (reader !== 'the same reader') await source.close()
        const rest = reader === 'the same reader' ? through : (await readingOf(database, 'users')).through
        const byId = (changes: readonly Change[]) => changes.map((change) => ({ ...change, key: change.after?.id }))
        const { changes } = await rest(block.to)
        expect(inOrder(applied(byId([...changesIn(block), ...changes])))).toEqual(await rowsOf(database, 'users'))
      })
    }

    it('again, may be dropped: what happened to it since is in the log', async ({ server }) => {
      const database = await newDatabase(server)
      const { sql } = database
      await sql('CREATE TABLE users (id INT PRIMARY KEY)')
      const { source, partition, start, through } = await readingOf(database, 'users')
      let at: Position = await start('latest')
      await sql('INSERT INTO users VALUES (1); ALTER TABLE users ADD COLUMN c INT DEFAULT 5')
      while (at[0] !== 2n) at = (await source.read(partition, at, { maxBytes: 1, waitMs: 1_000 }))?.to ?? at
      await sql('INSERT INTO users VALUES (2); DROP TABLE users')
      expect((await through(at)).changes.map(({ op, key }) => [op, key])).toEqual([['c', { id: 2 }]])
    })
  })
}

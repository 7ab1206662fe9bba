import { openNumberedMariadb, withServices } from '@millrace/testkit'
import type { Position } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { applied, type Change, inOrder } from '../logged-changes.ts'
import type { Reading } from '../table-reading.ts'
import { newDatabase, readingFrom, readingOf, rowsOf, type TestDatabase } from './database.ts'

const it = withServices('mariadb')

/** A table that is followed from its beginning, all that came of it, and where reading goes on. */
interface FollowedTable {
  readonly table: string
  readonly reading: Reading
  readonly changes: Change[]
  at: Position
}

async function follow(database: TestDatabase, first: string, ...others: string[]): Promise<FollowedTable[]> {
  const reading = await readingOf(database, first)
  const readings = [reading, ...(await Promise.all(others.map((name) => readingFrom(reading.source, database, name))))]
  return Promise.all(
    readings.map(async (each, i) => ({
      ...{ table: [first, ...others][i] ?? '', reading: each, changes: [], at: await each.start('earliest') },
    })),
  )
}

async function readOn(followed: FollowedTable): Promise<void> {
  const { changes, to } = await followed.reading.through(followed.at)
  followed.changes.push(...changes)
  followed.at = to
}

async function expectSame(database: TestDatabase, { table, changes }: FollowedTable): Promise<void> {
  const rows = await rowsOf(database, table).catch((error: { readonly code?: string }) => {
    if (error.code === 'ER_NO_SUCH_TABLE') return []
    throw error
  })
  expect(inOrder(applied(changes)), table).toEqual(rows)
}

const PARTS = `ALTER TABLE items PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (3), PARTITION mid VALUES LESS THAN (9))`

describe('a statement of which the log says nothing but its words', () => {
  it.for([
    ['SET STATEMENT lock_wait_timeout = 9, max_statement_time = 9 FOR ALTER TABLE items ADD b INT DEFAULT 5'],
    ['ALTER TABLE items NOWAIT ADD b INT DEFAULT 5'],
    ['ALTER TABLE items WAIT 5 ADD b INT NOT NULL'],
    ['SET SESSION binlog_alter_two_phase = 1', 'ALTER TABLE items ADD b INT DEFAULT 5'],
    ['ALTER IGNORE TABLE items ADD UNIQUE (a)'],
    ['RENAME TABLES items TO third, other TO items'],
    ['DROP TABLES other, items'],
    ['DROP TABLE items', 'CREATE TABLE items (id INT PRIMARY KEY, code UUID)', 'INSERT INTO items VALUES (7, uuid())'],
    ['CREATE OR REPLACE TABLE items (id INT PRIMARY KEY, at INET6)', "INSERT INTO items VALUES (7, '::1')"],
    [
      'ALTER TABLE items ADD code UUID',
      'INSERT INTO items VALUES (6, 6, uuid())',
      'CREATE OR REPLACE TABLE items (id INT PRIMARY KEY, code BINARY(16))',
      "INSERT INTO items VALUES (7, 'sixteen letters!')",
    ],
    [
      'CREATE TABLE third (id INT PRIMARY KEY, code UUID)',
      'DROP TABLE items',
      'CREATE TABLE items LIKE third',
      'INSERT INTO items VALUES (7, uuid())',
    ],
    [PARTS, 'DELETE FROM other WHERE id = 10', 'ALTER TABLE items EXCHANGE PARTITION low WITH TABLE other'],
    [PARTS, 'DROP TABLE other', 'ALTER TABLE items CONVERT PARTITION low TO TABLE other', 'UPDATE other SET a = 5'],
    [
      PARTS,
      'DELETE FROM other WHERE id < 9',
      'ALTER TABLE items CONVERT TABLE other TO PARTITION top VALUES LESS THAN (99)',
    ],
    [
      'DROP DATABASE {}',
      'CREATE DATABASE {}',
      'USE {}',
      'CREATE TABLE items (id INT PRIMARY KEY)',
      'INSERT INTO items VALUES (7)',
    ],
    ['CREATE OR REPLACE DATABASE {}', 'USE {}'],
  ])('does what it does to the rows too: %s', async (statements, { mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection, name } = database
    await connection.query('CREATE TABLE items (id INT PRIMARY KEY, a INT); CREATE TABLE other LIKE items')
    await connection.query('INSERT INTO items VALUES (1, 1), (2, 1), (5, 2); INSERT INTO other VALUES (2, 9), (10, 4)')
    const tables = await follow(database, 'items', 'other')
    await Promise.all(tables.map(readOn))
    for (const statement of statements) {
      await connection.query(statement.replaceAll('{}', name))
      await Promise.all(tables.map(readOn))
    }
    for (const table of tables) await expectSame(database, table)
  })
})

it('finds the tables of a server whose names are the same in any case', async () => {
  const { connection, address } = await openNumberedMariadb(7, onTestFinished, ['--lower-case-table-names=1'])
  await connection.query('CREATE TABLE Items (id INT PRIMARY KEY, a INT); INSERT INTO ITEMS VALUES (1, 1), (2, 2)')
  process.env.MYSQL_PWD = address.password
  const { user, host, port, ca } = address
  const database = { connection, name: 'MillRace', address: `mysql-cdc://${user}@${host}:${port}/MillRace?ca=${ca}` }
  const [items] = (await follow(database, 'Items')) as [FollowedTable]
  for (const statement of [
    'UPDATE items SET a = 3 WHERE id = 1',
    'ALTER TABLE ITEMS ADD b INT DEFAULT 5',
    'INSERT INTO iTems VALUES (3, 3, 3)',
    'TRUNCATE MILLRACE.ITEMS; INSERT INTO items VALUES (9, 9, 9)',
  ]) {
    await connection.query(statement)
    await readOn(items)
    await expectSame(database, items)
  }
})

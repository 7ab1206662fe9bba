import { withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { applied, type Change, changesIn, inOrder } from '../logged-changes.ts'
import { readWhileChanged } from '../table-reading.ts'
import { newDatabase, readingOf, rowsOf } from './database.ts'

const it = withServices('mariadb')

describe('changes of a table', () => {
  it('come as Debezium writes them: created, updated, deleted; a changed key is a row that goes and one that comes', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const { connection, name } = database
    await connection.query(
      'CREATE TABLE users (id INT PRIMARY KEY, name TEXT); CREATE TABLE others (id INT PRIMARY KEY)',
    )
    const { start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await connection.query("INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob'); INSERT INTO others VALUES (1)")
    await connection.query("UPDATE users SET name = 'Robert' WHERE id = 2; UPDATE users SET id = 3 WHERE id = 2")
    await connection.query('DELETE FROM users WHERE id = 1; TRUNCATE users')
    const { changes } = await through(from)
    expect(changes.map(({ op, before, after, key }) => [op, before, after, key])).toEqual([
      ['c', null, { id: 1, name: 'Ada' }, { id: 1 }],
      ['c', null, { id: 2, name: 'Bob' }, { id: 2 }],
      ['u', { id: 2, name: 'Bob' }, { id: 2, name: 'Robert' }, { id: 2 }],
      ['d', { id: 2, name: 'Robert' }, null, { id: 2 }],
      ['c', null, { id: 3, name: 'Robert' }, { id: 3 }],
      ['d', { id: 1, name: 'Ada' }, null, { id: 1 }],
      ['t', null, null, null],
    ])
    expect(changes[0]?.source).toMatchObject({ db: name, table: 'users', gtid: expect.stringMatching(/^\d+-7-\d+$/) })
  })

  it('are the same for whoever asks again, from any of them on, also from the middle of a transaction', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query(
      'CREATE TABLE users (id INT PRIMARY KEY, name TEXT); CREATE TABLE others (id INT PRIMARY KEY)',
    )
    const { source, partition, start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await connection.query('START TRANSACTION')
    for (let i = 0; i < 5; i++) {
      await connection.query(`INSERT INTO users VALUES (${i * 2}, 'a'), (${i * 2 + 1}, 'b')`)
      await connection.query(`INSERT INTO others VALUES (${i})`)
    }
    await connection.query("COMMIT; UPDATE users SET name = 'c'; FLUSH BINARY LOGS; DELETE FROM users WHERE id > 3")
    const { changes, blocks } = await through(from)
    expect(changes).toHaveLength(26)
    const names = blocks.flatMap(({ offsets }) => [...(offsets as readonly string[])])
    expect(new Set(names).size).toBe(26)
    for (const [i, each] of names.entries()) {
      const other = await readingOf(database, 'users')
      expect((await other.through(source.positionOf(each))).changes).toEqual(changes.slice(i))
      await other.source.close()
    }
    expect(partition.id).toBe('0')
  })

  it('after the rows that were there, whatever happens while these are read: the end is what the database has', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const changes = await readWhileChanged(
      () => readingOf(database, 'users'),
      (text) => database.connection.query(text),
    )
    expect(changes.filter(({ op }) => op === 'r').length).toBeGreaterThan(11_000)
    expect(inOrder(applied(changes))).toEqual(await rowsOf(database, 'users'))
  })

  it('follow the table when it is altered: columns added, dropped, renamed, of another type', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query('CREATE TABLE users (id INT PRIMARY KEY, a INT, b TEXT)')
    const { start, through } = await readingOf(database, 'users')
    let at = await start('latest')
    const said: unknown[] = []
    for (const statements of [
      "INSERT INTO users VALUES (1, 1, 'x'); ALTER TABLE users ADD COLUMN c DECIMAL(5,2) AFTER id; INSERT INTO users VALUES (2, 1.5, 2, 'y')",
      'ALTER TABLE users DROP COLUMN b; ALTER TABLE users RENAME COLUMN a TO d; UPDATE users SET d = 7 WHERE id = 1',
      "ALTER TABLE users MODIFY d VARCHAR(20); INSERT INTO users VALUES (3, NULL, 'z')",
    ]) {
      await connection.query(statements)
      const { changes, to } = await through(at)
      said.push(changes.map(({ op, after }) => [op, after]))
      at = to
    }
    const [one, two] = [
      { id: 1, c: null, d: 7 },
      { id: 2, c: '1.50', d: 2 },
    ]
    expect(said).toEqual([
      [
        ['c', { id: 1, a: 1, b: 'x' }],
        ['c', { id: 2, c: '1.50', a: 2, b: 'y' }],
      ],
      // After each of the two the rows are read, as they are by now; then the log goes on.
      [
        ['r', one],
        ['r', two],
        ['r', one],
        ['r', two],
        ['u', one],
      ],
      [
        ['r', { ...one, d: '7' }],
        ['r', { ...two, d: '2' }],
        ['r', { id: 3, c: null, d: 'z' }],
        ['c', { id: 3, c: null, d: 'z' }],
      ],
    ])
  })

  it('are read again where a statement rewrites rows and the log does not say how; whoever comes anew goes on there', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query(`CREATE TABLE users (id INT, a INT, PRIMARY KEY (id)) PARTITION BY RANGE (id)
      (PARTITION low VALUES LESS THAN (1000), PARTITION high VALUES LESS THAN MAXVALUE)`)
    await connection.query('CREATE TABLE fresh (id INT PRIMARY KEY, a INT); INSERT INTO fresh VALUES (7, 7), (8, 8)')
    const values = Array.from({ length: 2_000 }, (_, i) => `(${i}, ${i})`)
    const changes: Change[] = []
    const first = await readingOf(database, 'users')
    let at = await first.start('earliest')
    for (const statements of [
      `INSERT INTO users VALUES ${values.join(', ')}`,
      "ALTER TABLE users ADD COLUMN more VARCHAR(9) NOT NULL DEFAULT 'new', ADD INDEX (a); UPDATE users SET a = -1 WHERE id = 5",
      'ALTER TABLE users ADD COLUMN twice INT AS (a * 2) STORED; DELETE FROM users WHERE id IN (4, 1999)',
      'ALTER TABLE users CHANGE more other CHAR(3), MODIFY a DECIMAL(9,1)',
      'UPDATE users SET a = 2.5 WHERE id = 2; ALTER TABLE users TRUNCATE PARTITION low; INSERT INTO users (id, a) VALUES (3, 3)',
      'RENAME TABLE users TO gone, fresh TO users; UPDATE users SET a = 9 WHERE id = 8',
    ]) {
      await connection.query("SET SESSION sql_mode = ''")
      await connection.query(statements)
      const end = await first.source.end(first.partition)
      while (!end.passedBy(at)) {
        const { source } = await readingOf(database, 'users')
        const block = await source.read(first.partition, at, { maxBytes: 1 << 16, waitMs: 200, keys: true })
        await source.close()
        if (block) changes.push(...changesIn(block))
        at = block?.to ?? at
      }
      expect(inOrder(applied(changes))).toEqual(await rowsOf(database, 'users'))
    }
    expect(new Set(changes.map(({ op, source }) => op === 'r' && source.ts_ms !== 0))).toEqual(new Set([true, false]))
  })

  it('have the text of a UUID and an address, also in a column that became one', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query('CREATE TABLE users (id INT PRIMARY KEY, code BINARY(16))')
    const { start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    const [uuid, address] = ['f47ac10b-58cc-4372-a567-0e02b2c3d479', 'fe80::1']
    await connection.query("INSERT INTO users VALUES (1, x'00112233445566778899aabbccddeeff')")
    await connection.query(`ALTER TABLE users MODIFY code UUID; INSERT INTO users VALUES (2, '${uuid}')`)
    await connection.query(`ALTER TABLE users ADD COLUMN at INET6; UPDATE users SET at = '${address}' WHERE id = 2`)
    const { changes } = await through(from)
    expect([...applied(changes).values()]).toEqual(await rowsOf(database, 'users'))
    expect(changes.at(-1)?.after).toEqual({ id: 2, code: uuid, at: address })
  })

  it('are read on by keys of any kind, and of several columns', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query(`CREATE TABLE pairs (
      kind ENUM('z', 'a'), code VARBINARY(4), name VARCHAR(10), n INT, PRIMARY KEY (kind, code, name))`)
    const values = Array.from({ length: 200 }, (_, i) => {
      return `('${i % 2 ? 'a' : 'z'}', x'00${(i % 5).toString(16).padStart(2, '0')}', '${i % 3 ? 'Ü' : "o''"}${i}', ${i})`
    })
    await connection.query(`INSERT INTO pairs VALUES ${values.join(', ')}`)
    const { source, partition, start } = await readingOf(database, 'pairs')
    const rows: Change[] = []
    for (let at = await start('earliest'); at[0] === 0n; ) {
      const block = await source.read(partition, at, { maxBytes: 3_000, waitMs: 1, keys: true })
      if (!block) throw new Error('no rows came')
      rows.push(...changesIn(block))
      at = block.to
    }
    expect(rows.map(({ after }) => after?.n).sort((a, b) => Number(a) - Number(b))).toEqual(values.map((_, i) => i))
  })
})

import { withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { applied, type Change, changesIn, inOrder } from '../logged-changes.ts'
import { readWhileChanged } from '../table-reading.ts'
import { newDatabase, readingOf, rowsOf } from './database.ts'

const it = withServices('postgres')

describe('changes of a table', () => {
  for (const identity of ['DEFAULT', 'FULL', 'USING INDEX users_pkey']) {
    it(`come as Debezium writes them, with REPLICA IDENTITY ${identity}; a changed key is a row that goes and one that comes`, async ({
      postgres,
    }) => {
      const database = await newDatabase(postgres)
      const { sql, name } = database
      await sql('CREATE TABLE users (id INT PRIMARY KEY, name TEXT); CREATE TABLE others (id INT PRIMARY KEY)')
      await sql(`ALTER TABLE users REPLICA IDENTITY ${identity}`)
      const { start, through } = await readingOf(database, 'users')
      const from = await start('latest')
      await sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob'); INSERT INTO others VALUES (1)")
      await sql("UPDATE users SET name = 'Robert' WHERE id = 2")
      await sql('UPDATE users SET id = 3 WHERE id = 2')
      await sql('DELETE FROM users WHERE id = 1; TRUNCATE users')
      const { changes } = await through(from)
      const isFull = identity === 'FULL'
      const old = (id: number, name: string) => (isFull ? { id, name } : { id })
      expect(changes.map(({ op, before, after, key }) => [op, before, after, key])).toEqual([
        ['c', null, { id: 1, name: 'Ada' }, { id: 1 }],
        ['c', null, { id: 2, name: 'Bob' }, { id: 2 }],
        ['u', isFull ? { id: 2, name: 'Bob' } : null, { id: 2, name: 'Robert' }, { id: 2 }],
        ['d', old(2, 'Robert'), null, { id: 2 }],
        ['c', null, { id: 3, name: 'Robert' }, { id: 3 }],
        ['d', old(1, 'Ada'), null, { id: 1 }],
        ['t', null, null, null],
      ])
      expect(changes[0]?.source).toMatchObject({ db: name, schema: 'public', table: 'users', connector: 'postgresql' })
    })
  }

  it('are the same for whoever asks again, from any of them on, also from the middle of a transaction', async ({
    postgres,
  }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql('CREATE TABLE users (id INT PRIMARY KEY, name TEXT); CREATE TABLE others (id INT PRIMARY KEY)')
    const { source, start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await sql('BEGIN')
    for (let i = 0; i < 5; i++) {
      await sql(`INSERT INTO users VALUES (${i * 2}, 'a'), (${i * 2 + 1}, 'b')`)
      await sql(`INSERT INTO others VALUES (${i})`)
    }
    await sql('COMMIT')
    await sql("UPDATE users SET name = 'c'")
    await sql('UPDATE users SET id = 100 + id WHERE id < 2')
    await sql('DELETE FROM users WHERE id > 3')
    const { changes, blocks } = await through(from)
    expect(changes).toHaveLength(32)
    const names = blocks.flatMap(({ offsets }) => [...(offsets as readonly string[])])
    expect(new Set(names).size).toBe(32)
    for (const [i, each] of names.entries()) {
      expect((await through(source.positionOf(each))).changes).toEqual(changes.slice(i))
    }
    await source.close()
    const other = await readingOf(database, 'users')
    expect((await other.through(source.positionOf(names[13] ?? ''))).changes).toEqual(changes.slice(13))
  })

  it('after the rows that were there, whatever happens while these are read: the end is what the database has', async ({
    postgres,
  }) => {
    const database = await newDatabase(postgres)
    const changes = await readWhileChanged(() => readingOf(database, 'users'), database.sql)
    expect(changes.filter(({ op }) => op === 'r').length).toBeGreaterThan(11_000)
    expect(inOrder(applied(changes))).toEqual(await rowsOf(database, 'users'))
  })

  it('follow the table when it is altered: columns added, dropped, renamed, of another type', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql('CREATE TABLE users (id INT PRIMARY KEY, a INT, b TEXT)')
    const { start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await sql("INSERT INTO users VALUES (1, 1, 'x'); ALTER TABLE users ADD COLUMN c NUMERIC(5,2) DEFAULT 9")
    await sql("INSERT INTO users VALUES (2, 2, 'y', 1.5); ALTER TABLE users DROP COLUMN b")
    await sql('ALTER TABLE users RENAME COLUMN a TO d; UPDATE users SET d = 7 WHERE id = 1')
    await sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE users ADD COLUMN moods mood[]")
    await sql("ALTER TABLE users ALTER d TYPE VARCHAR(20); INSERT INTO users VALUES (3, 'z', NULL, '{sad,ok}')")
    await sql('ALTER TABLE users RENAME COLUMN id TO key; ALTER TABLE users REPLICA IDENTITY FULL')
    await sql('UPDATE users SET key = 4 WHERE key = 3')
    const { changes } = await through(from)
    const read = changes.filter(({ op }) => op === 'r')
    expect(changes.filter(({ op }) => op !== 'r').map(({ after, key }) => after ?? key)).toEqual([
      { id: 1, a: 1, b: 'x' },
      { id: 2, a: 2, b: 'y', c: '1.50' },
      { id: 1, c: '9.00', d: 7 },
      { id: 3, c: null, d: 'z', moods: ['sad', 'ok'] },
      { key: 3 },
      { key: 4, c: null, d: 'z', moods: ['sad', 'ok'] },
    ])
    // The log says nothing of the rows that have not changed since: they are read again, behind it.
    expect(changes.slice(-3)).toEqual(read)
    expect(read.map(({ after }) => after)).toEqual([
      { key: 1, c: '9.00', d: '7', moods: null },
      { key: 2, c: '1.50', d: '2', moods: null },
      { key: 4, c: null, d: 'z', moods: ['sad', 'ok'] },
    ])
  })

  it('are read again where a statement rewrites rows and the log does not say how; whoever comes anew goes on there', async ({
    postgres,
  }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql('CREATE TABLE users (id INT PRIMARY KEY, a INT)')
    const { source: first, partition, start } = await readingOf(database, 'users')
    const changes: Change[] = []
    let at = await start('earliest')
    await first.close()
    /** Reads to the end; each block by another reader. */
    const readAnew = async () => {
      for (let isWhole = false; !isWhole; ) {
        const { source } = await readingOf(database, 'users')
        const end = await source.end(partition)
        const block = await source.read(partition, at, { maxBytes: 1 << 15, waitMs: 200, keys: true })
        if (block) changes.push(...changesIn(block))
        at = block?.to ?? at
        isWhole = end.passedBy(at)
        await source.close()
      }
    }
    await sql('INSERT INTO users SELECT g, g FROM generate_series(1, 1000) g')
    await readAnew()
    const altered = [
      "ALTER TABLE users ADD COLUMN more TEXT NOT NULL DEFAULT 'new'",
      'UPDATE users SET a = 0 WHERE id = 3; ALTER TABLE users ADD COLUMN random INT DEFAULT (random() * 1000)::int',
      'ALTER TABLE users RENAME COLUMN more TO other; DELETE FROM users WHERE id IN (4, 1000)',
      "ALTER TABLE users ALTER a TYPE TEXT USING a || '!'; UPDATE users SET a = 'x' WHERE id = 7",
      'ALTER TABLE users DROP COLUMN a; ALTER TABLE users ADD COLUMN a INT; UPDATE users SET id = 2000 WHERE id = 8',
    ]
    for (const [i, statements] of altered.entries()) {
      await sql(statements)
      if (i % 2) await readAnew()
      else {
        const reading = await readingOf(database, 'users')
        const { changes: more, to } = await reading.through(at)
        await reading.source.close()
        changes.push(...more)
        at = to
      }
      expect(inOrder(applied(changes))).toEqual(await rowsOf(database, 'users'))
    }
    await sql('ALTER TABLE users ADD COLUMN none TEXT; INSERT INTO users (id) VALUES (5000)')
    const last = await readingOf(database, 'users')
    expect((await last.through(at)).changes.map(({ op }) => op)).toEqual(['c'])
  })

  it('come behind rows of any size: fewer in a statement where they are wide', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    await database.sql('CREATE TABLE users (id INT PRIMARY KEY, name TEXT)')
    await database.sql("INSERT INTO users SELECT g, repeat('x', 2000000) FROM generate_series(1, 70) g")
    const { source, partition, start } = await readingOf(database, 'users')
    const ids: unknown[] = []
    for (let at = await start('earliest'); at[0] === 0n; ) {
      const block = await source.read(partition, at, { maxBytes: 30_000_000, waitMs: 1, keys: true })
      ids.push(...(block ? changesIn(block) : []).map(({ after }) => after?.id))
      at = block?.to ?? at
    }
    expect(ids).toEqual(Array.from({ length: 70 }, (_, i) => i + 1))
  })

  it('are read on by keys of any kind, and of several columns', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql(`CREATE TYPE kinds AS ENUM ('z', 'a')`)
    await sql(
      'CREATE TABLE pairs (n INT, name VARCHAR(10), code BYTEA, kind kinds, at TIMESTAMPTZ, PRIMARY KEY (kind, code, name, at))',
    )
    const values = Array.from({ length: 200 }, (_, i) => {
      return `(${i}, '${i % 3 ? 'Ü' : "o''"}${i}', '\\x00${(i % 5).toString(16).padStart(2, '0')}', '${i % 2 ? 'a' : 'z'}', 'epoch'::timestamptz + '${i} us')`
    })
    await sql(`INSERT INTO pairs VALUES ${values.join(', ')}`)
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

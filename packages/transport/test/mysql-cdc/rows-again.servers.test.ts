import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openSource, type Partition } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { applied, type Change, changesIn, inOrder } from '../logged-changes.ts'
import { readingAt } from '../table-reading.ts'
import { newDatabase, readingOf, rowsOf } from './database.ts'

const it = withServices('mariadb')

describe('rows that are read again', () => {
  it('are none where the table is gone by then; what came before is not lost, and neither its end', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const { connection, name, address } = database
    await connection.query('CREATE TABLE users (id INT PRIMARY KEY)')
    const { start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await connection.query('INSERT INTO users VALUES (1); ALTER TABLE users ADD more INT DEFAULT 1; DROP TABLE users')
    expect((await through(from)).changes.map(({ op }) => op)).toEqual(['c', 't'])

    const other = await openSource(address, systemRuntime)
    onTestFinished(() => other.close())
    await expect(other.partitions(`${name}.users`)).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    const assigned: Partition[] = []
    await other.subscribe([`${name}.users`], {
      assigned: async (partitions) => void assigned.push(...partitions),
      revoked: async () => {},
    })
    const [partition] = assigned as [Partition]
    const blocks = await readingAt(other, partition).through(from)
    expect(blocks.changes.map(({ op }) => op)).toEqual(['c', 't'])
    const unread = await other.resolve(partition, 'earliest')
    await expect(other.read(partition, unread, { maxBytes: 1, waitMs: 1 })).rejects.toMatchObject({
      code: 'TOPIC_MISSING',
    })
  })

  it('end as they are where the table gets another key while they are read', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query('CREATE TABLE users (id INT, code VARCHAR(9), n INT, PRIMARY KEY (code, n))')
    const values = Array.from({ length: 600 }, (_, i) => `(${i}, 'c${i % 7}', ${i})`)
    await connection.query(`INSERT INTO users VALUES ${values.join(', ')}`)
    const { source, partition, start, through } = await readingOf(database, 'users')
    let at = await start('earliest')
    const changes: Change[] = []
    for (const key of ['(n, code)', '(n)', '(id)', '(code, id)', '(id)']) {
      const block = await source.read(partition, at, { maxBytes: 1 << 14, waitMs: 1, keys: true })
      at = block?.to ?? at
      changes.push(...(block ? changesIn(block) : []))
      await connection.query(`ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY ${key}`)
      await connection.query('UPDATE users SET n = n + 1000 WHERE id % 50 = 3')
    }
    changes.push(...(await through(at)).changes)
    // Each row by the key that the table has now.
    const byId = changes.map((change) => ({ ...change, key: (change.after ?? change.before)?.id }))
    expect(inOrder(applied(byId))).toEqual(await rowsOf(database, 'users'))
    expect(changes.at(-1)?.key).toEqual({ id: expect.any(Number) })
  })

  it('are newer than changes that were made while the statement ran, also for whoever comes between', async ({
    mariadb,
  }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await connection.query('CREATE TABLE users (id INT PRIMARY KEY, n INT); INSERT INTO users VALUES (1, 1), (2, 1)')
    const { start, through } = await readingOf(database, 'users')
    const from = await start('latest')
    await connection.query('SET TIMESTAMP = 1790000050; UPDATE users SET n = 2 WHERE id = 1')
    const { to } = await through(from)
    // As of one that began a minute ago.
    await connection.query('SET TIMESTAMP = 1790000000; ALTER TABLE users ADD more INT DEFAULT 7')
    await connection.query('SET TIMESTAMP = 1790000060; UPDATE users SET n = 3 WHERE id = 1')
    for (const place of [from, to]) {
      const { changes } = await (await readingOf(database, 'users')).through(place)
      expect(changes.slice(-3).map(({ op, source }) => [op, source.ts_ms])).toEqual([
        ['r', 1_790_000_050_000],
        ['r', 1_790_000_050_000],
        ['u', 1_790_000_060_000],
      ])
    }
  })
})

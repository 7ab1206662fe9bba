import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openSource, type Position, reached, type Source } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { changesIn } from '../logged-changes.ts'
import type { Reading } from '../table-reading.ts'
import { newDatabase, readingFrom, readingOf, type TestDatabase } from './database.ts'
import { virtualAddress } from './virtual-address.ts'

const it = withServices('mariadb')

const TABLES = ['a', 'b', 'c'] as const

async function tablesOf(database: TestDatabase): Promise<void> {
  for (const table of TABLES)
    await database.connection.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, text LONGTEXT)`)
}

async function sourceOf({ address }: TestDatabase): Promise<Source> {
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  return source
}

const rowsOf = async (reading: Reading, from: Position) =>
  (await reading.through(from)).changes.map(({ op, key }) => `${op} ${(key as { id: number }).id}`)

describe('the tables of a database', () => {
  it('are followed by one connection, each from its own place on, whatever the order in which they are read', async ({
    mariadb,
  }) => {
    const plain = await newDatabase(mariadb)
    const { connection } = plain
    await tablesOf(plain)
    const proxy = await virtualAddress(mariadb.port)
    const database = { ...plain, address: plain.address.replace(`:${mariadb.port}/`, `:${proxy.port}/`) }
    const begins = await Promise.all(TABLES.map(async (table) => (await readingOf(plain, table)).start('latest')))
    for (let i = 0; i < 30; i++) {
      await connection.query('START TRANSACTION')
      for (const table of TABLES) await connection.query(`INSERT INTO ${table} VALUES (${i}, 'x'), (${i + 100}, 'y')`)
      await connection.query('COMMIT')
    }
    const wanted = Array.from({ length: 30 }, (_, i) => [`c ${i}`, `c ${i + 100}`]).flat()
    // Places inside of transactions, further and further.
    const places: Position[][] = []
    for (const [i, table] of TABLES.entries()) {
      const { blocks } = await (await readingOf(plain, table)).through(begins[i] as Position)
      places.push(blocks.flatMap(({ offsets }) => [...offsets].map((name) => String(name).split('.').map(BigInt))))
    }
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const source = await sourceOf(database)
      const readings = await Promise.all(TABLES.map((table) => readingFrom(source, database, table)))
      const firsts = [7, 30, 51]
      const read = order.map(async (table, turn) => {
        const first = firsts[turn] as number
        const rows = await rowsOf(readings[table] as Reading, places[table]?.[first] as Position)
        return expect(rows).toEqual(wanted.slice(first))
      })
      await Promise.all(read)
      expect(proxy.open).toBe(2)
      // From an older place again, while the connection is further.
      const [again] = readings
      expect(await rowsOf(again as Reading, places[0]?.[3] as Position)).toEqual(wanted.slice(3))
      expect(proxy.open).toBe(2)
      await source.close()
    }
  })

  it('do not wait for one that nobody reads, and nothing of that one is lost', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await tablesOf(database)
    const source = await sourceOf(database)
    const [a, b] = (await Promise.all(['a', 'b'].map((table) => readingFrom(source, database, table)))) as [
      Reading,
      Reading,
    ]
    const [fromA, fromB] = [await a.start('latest'), await b.start('latest')]
    await connection.query("INSERT INTO a VALUES (1, '')")
    const one = await source.read(a.partition, fromA, { maxBytes: 1, waitMs: 10_000 })
    // 30 MB of one table between the changes of the other.
    for (let i = 10; i < 40; i++) await connection.query(`INSERT INTO a VALUES (${i}, repeat('x', 1048576))`)
    await connection.query("INSERT INTO b VALUES (1, 'behind it all')")
    let at = fromB
    const seen: string[] = []
    while (seen.length === 0) {
      const block = await source.read(b.partition, at, { maxBytes: 1 << 20, waitMs: 100, keys: true })
      if (!block) continue
      expect(reached(block.to, at)).toBe(true)
      seen.push(...changesIn(block).map(({ op }) => op))
      at = block.to
    }
    expect(seen).toEqual(['c'])
    expect(await rowsOf(a, one?.to as Position)).toEqual(Array.from({ length: 30 }, (_, i) => `c ${i + 10}`))
  })

  it('go on where one of them ends by a change that cannot be read', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    const { connection } = database
    await tablesOf(database)
    const source = await sourceOf(database)
    const [a, b] = (await Promise.all(['a', 'b'].map((table) => readingFrom(source, database, table)))) as [
      Reading,
      Reading,
    ]
    const [fromA, fromB] = [await a.start('latest'), await b.start('latest')]
    await connection.query("INSERT INTO a VALUES (1, 'good'); ALTER TABLE a ADD thai TEXT CHARACTER SET tis620")
    await connection.query("INSERT INTO a VALUES (2, 'good', 'bad'); INSERT INTO b VALUES (1, NULL)")
    const first = await source.read(a.partition, fromA, { maxBytes: 1 << 20, waitMs: 10_000, keys: true })
    expect(first && changesIn(first).map(({ key }) => key)).toEqual([{ id: 1 }])
    expect(await rowsOf(b, fromB)).toEqual(['c 1'])
    await expect(a.through(first?.to ?? fromA)).rejects.toMatchObject({
      ...{ code: 'SOURCE_UNSUPPORTED', message: /the character set tis620/, next: /utf8mb4/ },
    })
    await connection.query('INSERT INTO b VALUES (2, NULL)')
    expect(await rowsOf(b, fromB)).toEqual(['c 1', 'c 2'])
  })

  it('do not go back where nothing came since a place inside of a transaction', async ({ mariadb }) => {
    const database = await newDatabase(mariadb)
    await tablesOf(database)
    const { source, partition, start } = await readingOf(database, 'a')
    const from = await start('latest')
    await database.connection.query("INSERT INTO a VALUES (1, ''), (2, ''), (3, '')")
    const first = await source.read(partition, from, { maxBytes: 1, waitMs: 10_000 })
    const again = await readingOf(database, 'a')
    const at = first?.to as Position
    const early = await again.source.read(again.partition, at, { maxBytes: 1, waitMs: 0 })
    expect(early === undefined || reached(early.to, at)).toBe(true)
    expect(await rowsOf(again, at)).toEqual(['c 2', 'c 3'])
  })
})

import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openSource, type Position } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { changesIn } from '../logged-changes.ts'
import { newDatabase, readingBy, readingOf, type TestDatabase } from './database.ts'

const it = withServices('postgres')
const TABLES = 'CREATE TABLE a (id INT PRIMARY KEY, t TEXT); CREATE TABLE b (id INT PRIMARY KEY)'

async function bothOf({ address, group }: TestDatabase, runtime = systemRuntime) {
  const source = await openSource(address, runtime, { group })
  onTestFinished(() => source.close())
  await source.subscribe(['public.a', 'public.b'], { assigned: async () => {}, revoked: async () => {} })
  return { source, a: await readingBy(source, 'a'), b: await readingBy(source, 'b') }
}

describe('tables of one source', () => {
  it('come through one slot, each from its own place', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql(TABLES)
    const { source, a, b } = await bothOf(database)
    const [fromA, fromB] = [await a.start('latest'), await b.start('earliest')]
    await sql(
      "INSERT INTO a SELECT i, 'x' FROM generate_series(1, 50) i; INSERT INTO b SELECT i FROM generate_series(1, 50) i",
    )
    await sql(
      "BEGIN; UPDATE a SET t = 'y' WHERE id = 1; DELETE FROM b WHERE id = 2; UPDATE a SET t = 'z' WHERE id = 1; COMMIT",
    )
    const ids = async (reading: typeof a, from: Position) =>
      (await reading.through(from)).changes.map(({ op, key }) => `${op}${(key as { id: number }).id}`)
    const ofA = await ids(a, fromA)
    expect(ofA).toEqual([...Array.from({ length: 50 }, (_, i) => `c${i + 1}`), 'u1', 'u1'])
    // The other one begins at an older place: the log is read again, and the first one goes on where it was.
    expect((await ids(b, fromB)).slice(-1)).toEqual(['d2'])
    const { to } = await a.through(fromA)
    await sql('DELETE FROM a WHERE id = 7; DELETE FROM b WHERE id = 7')
    expect([await ids(a, to), await ids(a, fromA)]).toEqual([['d7'], [...ofA, 'd7']])
    expect(await sql('SELECT 1 FROM pg_replication_slots WHERE database = current_database()')).toHaveLength(1)
    await source.close()
  })

  it('are confirmed up to what all of them have committed, and not before that is known of all', async ({
    postgres,
  }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql(TABLES)
    const { source, a, b } = await bothOf(database)
    const [fromA, fromB] = [await a.start('latest'), await b.start('latest')]
    await sql('INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO b VALUES (2)')
    const { to } = await a.through(fromA)
    const { changes, to: toB, blocks } = await b.through(fromB)
    await source.acknowledge(new Map([[a.partition, to]]))
    await source.acknowledge(new Map([[b.partition, fromB]]))
    await source.close()
    const [{ confirmed } = {}] = await sql(
      "SELECT confirmed_flush_lsn - '0/0' AS confirmed FROM pg_replication_slots WHERE database = current_database()",
    )
    expect(BigInt(String(confirmed))).toBeLessThanOrEqual(fromB[1] ?? 0n)
    // Whoever comes after a kill has all from the older of the two places on.
    const other = await readingOf(database, 'b')
    expect((await other.through(fromB)).changes).toEqual(changes)
    await other.source.subscribe(['public.b'], { assigned: async () => {}, revoked: async () => {} })
    await other.source.acknowledge(new Map([[other.partition, toB]]))
    await other.source.close()
    const late = await readingOf(database, 'b')
    await expect(late.through(fromB)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect((await late.through(toB)).changes).toEqual([])
    expect(blocks.length).toBeGreaterThan(0)
  })

  it('are each looked at, also those that come when the log is read already', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql(TABLES)
    const { a, b } = await bothOf(database)
    const [fromA, fromB] = [await a.start('latest'), await b.start('latest')]
    await sql('INSERT INTO a VALUES (1)')
    expect((await a.through(fromA)).changes).toHaveLength(1)
    const [{ pubname } = {}] = await sql('SELECT pubname FROM pg_publication')
    await sql(`ALTER PUBLICATION ${pubname} DROP TABLE b; INSERT INTO b VALUES (1)`)
    await expect(b.through(fromB)).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      message: /b is not in publication/,
    })
  })

  it('do not hold one another up: one that nobody reads is left behind, and comes back', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql(TABLES)
    // Its seconds pass a hundred times faster.
    const hasty = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() * 100 }
    const { a, b, source } = await bothOf(database, hasty)
    const [fromA, fromB] = [await a.start('latest'), await b.start('latest')]
    for (let i = 0; i < 20; i++)
      await sql(`INSERT INTO a SELECT ${i} * 1000 + g, repeat('x', 1000) FROM generate_series(0, 999) g`)
    await sql('INSERT INTO b VALUES (1)')
    const first = await source.read(a.partition, fromA, { maxBytes: 1 << 16, waitMs: 10_000, keys: true })
    if (!first) throw new Error('nothing came')
    expect((await b.through(fromB)).changes).toHaveLength(1)
    expect([...changesIn(first), ...(await a.through(first.to)).changes]).toHaveLength(20_000)
  })
})

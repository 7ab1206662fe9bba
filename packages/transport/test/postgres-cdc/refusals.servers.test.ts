import { systemRuntime } from '@millrace/base'
import { freshName, withServices } from '@millrace/testkit'
import { openSource, type Partition } from '@millrace/transport'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { newDatabase, readingOf, type TestDatabase } from './database.ts'

const it = withServices('postgres')

async function opened({ group }: TestDatabase, address: string) {
  const source = await openSource(address, systemRuntime, { group })
  onTestFinished(() => source.close())
  return source
}

const slotsOf = ({ sql }: TestDatabase) =>
  sql('SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE database = current_database()')

it('refuses what cannot be followed, by name and with what to do, and makes nothing', async ({ postgres }) => {
  const database = await newDatabase(postgres)
  const { sql, address } = database
  await sql(`CREATE TABLE good (id INT PRIMARY KEY); CREATE TABLE keyless (id INT); CREATE VIEW seen AS SELECT 1 AS id;
    CREATE TABLE silent (id INT PRIMARY KEY); ALTER TABLE silent REPLICA IDENTITY NOTHING; CREATE UNLOGGED TABLE quick (id INT PRIMARY KEY)`)
  const source = await opened(database, address)
  const refusals = [
    ['public.keyless', 'SOURCE_UNSUPPORTED', /keyless has no primary key/, /Give it one/],
    ['public.silent', 'SOURCE_UNSUPPORTED', /silent has REPLICA IDENTITY NOTHING/, /REPLICA IDENTITY DEFAULT/],
    ['public.quick', 'SOURCE_UNSUPPORTED', /quick is not in the log/, /SET LOGGED/],
    ['public.none', 'TOPIC_MISSING', /no table public.none/, /schema.table/],
    ['public.seen', 'TOPIC_MISSING', /no table public.seen/, /views/],
    ['good', 'TOPIC_MISSING', /no table/, /schema.table/],
  ] as const
  for (const [topic, code, message, next] of refusals) {
    await expect(source.partitions(topic)).rejects.toMatchObject({ code, message, next })
  }
  const [good] = await source.partitions('public.good')
  await expect(source.resolve(good as Partition, { time: 0 })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  expect(await slotsOf(database)).toEqual([])
  expect(await sql('SELECT pubname FROM pg_publication')).toEqual([])
})

it('makes nothing for a reader without a group, who reads the rows only', async ({ postgres }) => {
  const database = await newDatabase(postgres)
  await database.sql('CREATE TABLE good (id INT PRIMARY KEY); INSERT INTO good VALUES (1)')
  const source = await openSource(database.address, systemRuntime)
  onTestFinished(() => source.close())
  const [good] = (await source.partitions('public.good')) as [Partition]
  const options = { maxBytes: 1 << 20, waitMs: 1 }
  const rows = await source.read(good, await source.resolve(good, 'earliest'), options)
  expect(rows?.count).toBe(1)
  await expect(source.read(good, rows?.to ?? [], options)).rejects.toMatchObject({
    code: 'SOURCE_UNSUPPORTED',
    next: /slot/,
  })
  expect(await slotsOf(database)).toEqual([])
})

describe('a publication', () => {
  it('of the user’s own is left as it is, and refused where it does not tell all', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql, address } = database
    await sql('CREATE TABLE good (id INT PRIMARY KEY, n INT); CREATE TABLE other (id INT PRIMARY KEY)')
    await sql(
      'CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT',
    )
    const begin = async (topic = 'public.good') => {
      const source = await opened(database, `${address}&publication=mine`)
      const [partition] = (await source.partitions(topic)) as [Partition]
      return source.resolve(partition, 'latest')
    }
    const refused = (message: RegExp, next: RegExp) => ({ code: 'SOURCE_UNSUPPORTED', message, next })
    await expect(begin()).rejects.toMatchObject(
      refused(/no publication mine/, /CREATE PUBLICATION "mine" FOR TABLE "public"."good"/),
    )
    await sql('CREATE PUBLICATION mine FOR TABLE other, parts')
    await expect(begin()).rejects.toMatchObject(refused(/good is not in publication mine/, /ADD TABLE "public"."good"/))
    await expect(begin('public.parts')).rejects.toMatchObject(
      refused(/has the partitions of public.parts/, /via_partition_root/),
    )
    await sql('ALTER PUBLICATION mine SET TABLE good WHERE (n > 1)')
    await expect(begin()).rejects.toMatchObject(refused(/only some rows or columns/, /SET TABLE/))
    await sql('ALTER PUBLICATION mine SET TABLE good (id)')
    await expect(begin()).rejects.toMatchObject(refused(/only some rows or columns/, /SET TABLE/))
    await sql("ALTER PUBLICATION mine SET TABLE good; ALTER PUBLICATION mine SET (publish = 'insert')")
    await expect(begin()).rejects.toMatchObject(refused(/leaves out some kinds/, /insert, update, delete, truncate/))
    expect(await slotsOf(database)).toEqual([])
    await sql("ALTER PUBLICATION mine SET (publish = 'insert, update, delete, truncate')")
    await begin()
    expect(await sql('SELECT pubname, tablename FROM pg_publication_tables')).toEqual([
      { pubname: 'mine', tablename: 'good' },
    ])
  })

  it('that is gone, or has lost the table, is refused', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql } = database
    await sql('CREATE TABLE good (id INT PRIMARY KEY)')
    const { start, through } = await readingOf(database, 'good')
    const from = await start('latest')
    const [{ pubname } = {}] = await sql('SELECT pubname FROM pg_publication')
    await sql(`ALTER PUBLICATION ${pubname} DROP TABLE good`)
    await expect(through(from)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', next: /ADD TABLE.*new group/ })
    await sql(`DROP PUBLICATION ${pubname}`)
    await expect(through(from)).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      next: /CREATE PUBLICATION.*new group/,
    })
  })
})

describe('a slot', () => {
  it('that is gone, confirmed further, in use, or of another kind is refused', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql, address } = database
    await sql('CREATE TABLE good (id INT PRIMARY KEY)')
    const { start, through, source, partition } = await readingOf(database, 'good')
    const from = await start('latest')
    await sql('INSERT INTO good VALUES (1)')
    const { to } = await through(from)
    const [{ slot_name: slot } = {}] = await slotsOf(database)
    const beyond = source.read(partition, [1n, 1n << 60n, 0n], { maxBytes: 1, waitMs: 1 })
    await expect(beyond).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', message: /the log ends at/ })
    await source.read(partition, from, { maxBytes: 1, waitMs: 1 })
    const second = await readingOf(database, 'good')
    await expect(second.through(from)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retry: true,
      next: /Another worker/,
    })
    await source.acknowledge(new Map([[partition, to]]))
    await expect
      .poll(() => slotsOf(database).then(([{ confirmed_flush_lsn: lsn } = {}]) => lsn))
      .toBe(`${((to[1] ?? 0n) >> 32n).toString(16)}/${((to[1] ?? 0n) & 0xffffffffn).toString(16)}`.toUpperCase())
    await source.close()
    await expect(second.through(from)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: /confirmed up to/,
    })
    await second.source.close()
    // The server frees it a moment after its reader is gone.
    await vi.waitFor(() => sql(`SELECT pg_drop_replication_slot('${slot}')`), { timeout: 20_000 })
    await sql('INSERT INTO good VALUES (2)')
    const third = await readingOf(database, 'good')
    await expect(third.through(to)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', next: /new group/ })
    const other = freshName('other').replaceAll('-', '_')
    await sql(`SELECT pg_create_logical_replication_slot('${other}', 'test_decoding')`)
    const odd = await opened(database, `${address}&slot=${other}`)
    await expect(odd.resolve(partition, 'latest')).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      next: /slot=NAME/,
    })
  })
})

describe('a login', () => {
  it('without rights is told which ones it needs, and the statement for the owner', async ({ postgres }) => {
    const database = await newDatabase(postgres)
    const { sql, address } = database
    const login = freshName('reader').replaceAll('-', '_')
    await sql(`CREATE TABLE good (id INT PRIMARY KEY); CREATE ROLE ${login} LOGIN PASSWORD 'secret'`)
    onTestFinished(async () => void (await sql(`DROP OWNED BY ${login}; DROP ROLE ${login}`)))
    const before = process.env.PGPASSWORD
    process.env.PGPASSWORD = 'secret'
    onTestFinished(() => {
      process.env.PGPASSWORD = before
    })
    const begin = async (settings = '') => {
      const source = await opened(database, address.replace('millrace@', `${login}@`) + settings)
      const [partition] = (await source.partitions('public.good')) as [Partition]
      const at = await source.resolve(partition, 'earliest')
      return (await source.read(partition, at, { maxBytes: 1, waitMs: 1 }))?.count
    }
    await expect(begin()).rejects.toMatchObject({ code: 'SOURCE_DENIED', next: /CREATE PUBLICATION "millrace_/ })
    await sql('CREATE PUBLICATION mine FOR TABLE good')
    await expect(begin('&publication=mine')).rejects.toMatchObject({ code: 'SOURCE_DENIED', next: /REPLICATION/ })
    await sql(`ALTER ROLE ${login} REPLICATION`)
    await expect(begin('&publication=mine')).rejects.toMatchObject({
      code: 'SOURCE_DENIED',
      next: /SELECT on its tables/,
    })
    await sql(`GRANT SELECT ON good TO ${login}`)
    expect(await begin('&publication=mine')).toBe(0)
    process.env.PGPASSWORD = 'wrong'
    await expect(begin()).rejects.toMatchObject({ code: 'SOURCE_DENIED', next: /PGPASSWORD/ })
    const withPassword = openSource(address.replace('millrace@', 'millrace:secret@'), systemRuntime)
    await expect(withPassword).rejects.toMatchObject({ code: 'SECRET_IN_URL' })
    await expect(openSource(`${address}&table=a`, systemRuntime)).rejects.toMatchObject({ code: 'SOURCE_ADDRESS' })
  })
})

it('refuses a table that was made anew: its old rows would stay', async ({ postgres }) => {
  const database = await newDatabase(postgres)
  const { sql } = database
  await sql('CREATE TABLE good (id INT PRIMARY KEY)')
  const { start, source, partition } = await readingOf(database, 'good')
  const from = await start('latest')
  await sql('DROP TABLE good; CREATE TABLE good (id INT PRIMARY KEY)')
  const read = source.read(partition, from, { maxBytes: 1, waitMs: 1 })
  await expect(read).rejects.toMatchObject({ code: 'SOURCE_CHANGED', next: /new group/ })
})

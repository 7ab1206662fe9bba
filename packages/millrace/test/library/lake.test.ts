import { MillraceError } from '@millrace/base'
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ColumnDefinition, type Lake, openLake } from '../../src/index.ts'
import { temporaryFolder } from '../run-millrace.ts'

const folder = temporaryFolder()
let lake: Lake
beforeAll(async () => {
  lake = await openLake(folder.path)
})
afterAll(async () => {
  await lake.close()
  folder[Symbol.dispose]()
})

let made = 0

async function tableOf(columns: Readonly<Record<string, string | ColumnDefinition>>) {
  made++
  return lake.createTable(`table_${made}`, { columns })
}

describe('append and read', () => {
  const text = fc.string({ unit: 'grapheme' })
  const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  const row = fc.record({
    id: fc.integer(),
    long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    amount: fc.double({ noNaN: true, noDefaultInfinity: true }),
    price: fc.integer({ min: -999_999_999, max: 999_999_999 }).map((cents) => (cents / 100).toFixed(2)),
    yes: fc.boolean(),
    name: fc.option(text),
    day: moment.map((date) => date.toISOString().slice(0, 10)),
    at: moment,
    bytes: fc.uint8Array({ maxLength: 20 }),
    tags: fc.array(fc.option(text), { maxLength: 3 }),
    place: fc.record({ city: text, at: moment }),
    counts: fc.dictionary(text, fc.integer(), { maxKeys: 3 }),
  })
  const columns = {
    id: 'integer',
    long: 'long',
    amount: 'double',
    price: 'decimal(10,2)',
    yes: 'boolean',
    name: 'string',
    day: 'date',
    at: 'timestamp',
    bytes: 'binary',
    tags: { type: { type: 'array', elementType: 'string' } },
    place: { type: { type: 'struct', fields: { city: { type: 'string' }, at: { type: 'timestamp' } } } },
    counts: { type: { type: 'map', keyType: 'string', valueType: 'integer' } },
  } as const

  test('what is appended is read, whatever its values are', async () => {
    const same = fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      const table = await tableOf({ ...columns, i: 'integer' })
      expect(await table.append(rows.map((each, i) => ({ ...each, i })))).toEqual({ version: 1, rows: rows.length })
      const read = await table.read(`select * replace (hex(bytes) as bytes) from ${table.name} order by i`)
      expect(read.map(({ long, price, day }) => [BigInt(String(long)), Number(price), day])).toEqual(
        rows.map(({ long, price, day }) => [long, Number(price), day]),
      )
      expect(read.map(({ id, amount, yes, name, tags }) => ({ id, amount, yes, name, tags }))).toEqual(
        rows.map(({ id, amount, yes, name, tags }) => ({ id, amount: amount + 0, yes, name, tags })),
      )
      expect(read.map(({ at }) => new Date(String(at)))).toEqual(rows.map(({ at }) => at))
      expect(read.map(({ bytes }) => bytes)).toEqual(
        rows.map(({ bytes }) => Buffer.from(bytes).toString('hex').toUpperCase()),
      )
      expect(read.map(({ place }) => (place as { city: string }).city)).toEqual(rows.map(({ place }) => place.city))
    })
    await fc.assert(same, { numRuns: 15 })
  })

  test('what is read can be appended again, and is the same', async () => {
    const [from, to] = [
      await tableOf({ at: 'timestamp', long: 'long', price: 'decimal(20,4)' }),
      await tableOf({ at: 'timestamp', long: 'long', price: 'decimal(20,4)' }),
    ]
    await from.append([{ at: '2026-01-31T12:00:00.123456Z', long: '9007199254740993', price: '0.0001' }, {}])
    await to.append(await from.read())
    expect(await to.read()).toEqual(await from.read())
  })

  test('Arrow goes in and comes out with its types', async () => {
    const [from, to] = [await tableOf(columns), await tableOf(columns)]
    await from.append(fc.sample(row, { numRuns: 50, seed: 7 }))
    const arrow = await from.readArrow()
    expect(arrow.schema.fields.map(({ name, type }) => `${name} ${type}`).slice(0, 4)).toEqual([
      'id Int32',
      'long Int64',
      'amount Float64',
      'price Decimal[10e+2]',
    ])
    await to.append(tableFromIPC(tableToIPC(arrow)))
    const sorted = (name: string) => lake.read(`select * replace (hex(bytes) as bytes) from ${name} order by all`)
    expect(await sorted(to.name)).toEqual(await sorted(from.name))
    const other = await tableOf({ x: 'double', s: 'string' })
    await other.append(tableFromArrays({ x: Float64Array.of(1, 2.5), s: ['a', 'b'] }))
    expect(await other.read(['s', 'x'])).toEqual([
      { s: 'a', x: 1 },
      { s: 'b', x: 2.5 },
    ])
  })

  test.each<[string, string, unknown]>([
    ['a fraction in a whole number', 'integer', 1.5],
    ['a number that is too large', 'byte', 128],
    ['a number that is no longer exact', 'long', 2 ** 60],
    ['a text in a number', 'double', '1'],
    ['a number in a text', 'string', 1],
    ['true in a number', 'long', true],
    ['a decimal with too many digits', 'decimal(4,2)', '1.234'],
    ['a day that is none', 'date', '2026-02-30'],
    ['a time that is none', 'timestamp', '2026-01-31T25:00:00Z'],
    ['a zone where the column has none', 'timestamp_ntz', '2026-01-31T12:00:00+02:00'],
    ['a text in bytes', 'binary', 'abc'],
  ])('%s is refused, and nothing is appended', async (_, type, value) => {
    const table = await tableOf({ good: 'integer', bad: type })
    const appended = table.append([{ good: 1 }, { good: 2, bad: value }])
    await expect(appended).rejects.toThrow(/^row 1: bad is/)
    await expect(appended).rejects.toThrow(MillraceError)
    expect(await table.version()).toBe(0)
  })

  test('a column that the table lacks is refused by name', async () => {
    const table = await tableOf({ a: 'integer' })
    await expect(table.append([{ a: 1, b: 2 }])).rejects.toThrow('row 0: the table has no column b')
  })

  test('rows may come one after another, and none of them is written when one of them fails', async () => {
    const table = await tableOf({ a: 'integer' })
    async function* rows(fails: boolean) {
      yield { a: 1 }
      yield { a: 2 }
      if (fails) throw new Error('no more')
    }
    await expect(table.append(rows(true))).rejects.toThrow('no more')
    expect(await table.append(rows(false))).toEqual({ version: 1, rows: 2 })
  })

  test('`once` makes a call safe to repeat', async () => {
    const table = await tableOf({ a: 'integer' })
    const once = { writer: 'import', version: 1 }
    expect(await table.append([{ a: 1 }], { once })).toEqual({ version: 1, rows: 1 })
    expect(await table.append([{ a: 1 }], { once })).toEqual({ version: 1, rows: 0 })
    expect(await table.append([{ a: 2 }], { once: { ...once, version: 2 } })).toEqual({ version: 2, rows: 1 })
  })
})

test('older versions, columns and history', async () => {
  const table = await tableOf({ a: 'integer', b: { type: 'string', comment: 'a letter' } })
  await table.append([{ a: 1, b: 'x' }], { userMetadata: 'the first' })
  await table.append([{ a: 2, b: 'y' }])
  expect(await table.read(['a'], { version: 1 })).toEqual([{ a: 1 }])
  expect(await table.readArrow(['b'], { time: new Date() })).toMatchObject({ numRows: 2 })
  expect(await table.columns()).toMatchObject([{ name: 'a' }, { name: 'b', metadata: { comment: 'a letter' } }])
  expect(await table.history(2)).toMatchObject([
    { version: 2, operation: 'WRITE' },
    { version: 1, userMetadata: 'the first' },
  ])
  expect(await lake.tables()).toContain(table.name)
})

test("reads that are asked for at once do not get in each other's way", async () => {
  const table = await tableOf({ a: 'integer' })
  await table.append([{ a: 1 }])
  const reads = [0, 1, 0, 1].map((version) => table.read(['a'], { version }))
  expect(await Promise.all(reads)).toEqual([[], [{ a: 1 }], [], [{ a: 1 }]])
  await expect(table.read('select nothing')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  expect(await table.read()).toEqual([{ a: 1 }])
})

test('a table that is not there says so', async () => {
  const table = lake.table('nowhere')
  expect(await table.exists()).toBe(false)
  await expect(table.append([{}])).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  await expect(table.version()).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
})

test('`sql` changes tables and says what it did; `read` takes no change', async () => {
  const table = await tableOf({ id: 'long', name: 'string' })
  const name = `table_${made}`
  await lake.sql(`insert into ${name} values (1, 'a'), (2, 'b'), (3, 'c')`)
  const [update] = await lake.sql(`delete from ${name} where id = 1; update ${name} set name = 'B' where id = 2`)
  expect(update).toMatchObject({ deleted: 0, updated: 1, inserted: 0, version: 3 })
  await expect(lake.read(`delete from ${name}`)).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  expect((await table.read()).toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual([
    { id: 2, name: 'B' },
    { id: 3, name: 'c' },
  ])
  expect(await lake.sql(`select count(*) as rows from ${name}`)).toEqual([{ rows: 2 }])
})

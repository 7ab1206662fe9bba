import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AddFile,
  commit,
  planScan,
  type ScanOptions,
  type Snapshot,
  type StructType,
  withScan,
} from '../../src/index.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

/** A table of one file with entries in its footer, as Spark writes them. */
async function sparkTable(schema: StructType, rows: string, footer: Record<string, string>, stats?: object) {
  const snapshot = await testTables.create({ schema })
  const path = join(testTables.lake, snapshot.table.path, 'spark.parquet')
  const entries = Object.entries(footer).map(([key, value]) => `'org.apache.spark.${key}': '${value}'`)
  await testTables.connection.run(`COPY (${rows}) TO '${path}' (FORMAT parquet, KV_METADATA {${entries.join(', ')}})`)
  const { size } = await stat(path)
  const file: AddFile = {
    path: 'spark.parquet',
    partitionValues: {},
    size,
    modificationTime: testTables.runtime.now(),
    dataChange: true,
    ...(stats ? { stats: JSON.stringify(stats) } : {}),
  }
  return committed(commit(snapshot, { operation: 'WRITE', add: [file] }, testTables.runtime))
}

async function valuesOf(snapshot: Snapshot, options: ScanOptions = {}): Promise<unknown[]> {
  return withScan(planScan(snapshot, options), testTables.connection, async (sql) =>
    (await testTables.connection.runAndReadAll(`SELECT * FROM (${sql}) ORDER BY ALL`)).getRowsJson(),
  )
}

const MARKED = { version: '3.5.1', legacyDateTime: '' }
const days = struct(column('day', 'date'))
const times = struct(column('at', 'timestamp'))

describe('dates of the Julian calendar', () => {
  // What is stored is the number of days of the left, which the Julian calendar names as on the right.
  test.each([
    ['1500-01-10', '1500-01-01'],
    ['1582-10-14', '1582-10-04'],
    ['1582-10-15', '1582-10-15'],
    ['1000-03-07', '1000-03-01'],
    // The 29 February 1000 of the Julian calendar, which the other lacks.
    ['1000-03-06', '1000-03-01'],
    ['0300-03-02', '0300-03-01'],
    ['0050-01-01', '0050-01-03'],
    ['2024-02-29', '2024-02-29'],
  ])('%s is %s', async (stored, meant) => {
    const table = await sparkTable(days, `SELECT DATE '${stored}' AS day`, MARKED)
    expect(await valuesOf(table)).toEqual([[meant]])
  })

  test.each([
    [{ version: '2.4.8' }, '1500-01-01'],
    [{ version: '3.0.1' }, '1500-01-10'],
    [{ version: '3.5.1' }, '1500-01-10'],
    [{ version: '3.5.1', legacyINT96: '' }, '1500-01-10'],
    [{ timeZone: 'UTC' }, '1500-01-10'],
  ])('are told by the footer %j', async (footer, meant) => {
    expect(await valuesOf(await sparkTable(days, "SELECT DATE '1500-01-10' AS day", footer))).toEqual([[meant]])
  })

  test('are compared as they are meant, wherever they are inside a value', async () => {
    const inner = struct(column('day', 'date'))
    const list = { type: 'array', elementType: inner, containsNull: true } as const
    const map = { type: 'map', keyType: 'date', valueType: 'date', valueContainsNull: true } as const
    const schema = struct(column('day', 'date'), column('list', list), column('map', map))
    const old = "DATE '1500-01-10'"
    const rows = `SELECT ${old} AS day, [{day: ${old}}, NULL] AS list, MAP {${old}: NULL::DATE} AS map
      UNION ALL SELECT NULL, NULL, NULL`
    const table = await sparkTable(schema, rows, MARKED)
    const where = { op: '=', column: 'day', value: '1500-01-01' } as const
    const meant = ['1500-01-01', [{ day: '1500-01-01' }, null], [{ key: '1500-01-01', value: null }]]
    expect(await valuesOf(table, { where })).toEqual([meant])
    expect(await valuesOf(table)).toEqual([meant, [null, null, null]])
  })

  test('are looked for only in files whose statistics reach so far back', async () => {
    const stats = { numRecords: 1, minValues: { day: '1582-10-15' }, maxValues: { day: '2000-01-01' }, nullCount: {} }
    const rows = "SELECT DATE '1500-01-10' AS day"
    expect(await valuesOf(await sparkTable(days, rows, MARKED, stats))).toEqual([['1500-01-10']])
    const back = { ...stats, minValues: { day: '1500-01-01' } }
    expect(await valuesOf(await sparkTable(days, rows, MARKED, back))).toEqual([['1500-01-01']])
  })
})

test('dates of the Julian calendar are moved where their column is a timestamp_ntz by now; its own times are not', async () => {
  const typeChanges = [{ fromType: 'date', toType: 'timestamp_ntz' }]
  const widened = struct({ ...column('day', 'timestamp_ntz'), metadata: { 'delta.typeChanges': typeChanges } })
  const wide = await sparkTable(widened, "SELECT DATE '1500-01-10' AS day UNION ALL SELECT DATE '2024-02-29'", MARKED)
  expect(await valuesOf(wide)).toEqual([['1500-01-01 00:00:00'], ['2024-02-29 00:00:00']])
  const where = { op: '<', column: 'day', value: '1500-01-02 00:00:00' } as const
  expect(await valuesOf(wide, { where })).toEqual([['1500-01-01 00:00:00']])
  const times = await sparkTable(widened, "SELECT TIMESTAMP '1500-01-10 00:00:00' AS day", MARKED)
  expect(await valuesOf(times)).toEqual([['1500-01-10 00:00:00']])
  const unmarked = await sparkTable(widened, "SELECT DATE '1500-01-10' AS day", { version: '3.5.1' })
  expect(await valuesOf(unmarked)).toEqual([['1500-01-10 00:00:00']])
})

describe('times of old', () => {
  const stored = "SELECT TIMESTAMPTZ '1500-01-10 12:00:00.123456+00' AS at"
  test.each([
    ['UTC', '1500-01-01 12:00:00.123456+00'],
    ['+01:00', '1500-01-01 12:00:00.123456+00'],
    // Clocks there went by the sun, 7 hours, 52 minutes and 58 seconds behind; Spark wrote them as 8 hours behind.
    ['America/Los_Angeles', '1500-01-01 11:52:58.123456+00'],
  ])('of a writer in %s', async (timeZone, meant) => {
    expect(await valuesOf(await sparkTable(times, stored, { ...MARKED, timeZone }))).toEqual([[meant]])
  })
  test('after 1582 differ by the zone alone', async () => {
    const rows = "SELECT TIMESTAMPTZ '1850-01-01 08:00:00+00' AS at"
    const footer = { ...MARKED, timeZone: 'America/Los_Angeles' }
    expect(await valuesOf(await sparkTable(times, rows, footer))).toEqual([['1850-01-01 07:52:58+00']])
  })
  test('of an unknown zone are refused', async () => {
    const table = await sparkTable(times, stored, { ...MARKED, timeZone: 'Nowhere/At all' })
    await expect(valuesOf(table)).rejects.toMatchObject({ code: 'TABLE_UNSUPPORTED' })
  })
})

import { join } from 'node:path'
import { sparkSql, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { openTable } from '../../src/index.ts'
import { openTestTables, type TestTables } from '../test-tables.ts'

const it = withServices('spark')
vi.setConfig({ testTimeout: 300_000 })

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const DAYS = ['0001-01-01', '0999-12-31', '1000-03-01', '1500-01-01', '1500-03-01', '1582-10-04', '1582-10-15']
const LATER = ['1700-02-28', '1883-11-18', '1899-12-31', '1900-01-01', '2024-02-29']
const settingsOf = (mode: string, type: string) => ({
  'spark.sql.parquet.datetimeRebaseModeInWrite': mode,
  'spark.sql.parquet.int96RebaseModeInWrite': mode,
  'spark.sql.parquet.outputTimestampType': type,
})

for (const type of ['INT96', 'TIMESTAMP_MICROS']) {
  it(`old dates and times that Spark wrote, as ${type}, read as Spark reads them`, async ({ spark }) => {
    const ref = testTables.table()
    const table = `delta.\`${join(testTables.lake, ref.path)}\``
    await sparkSql(spark, `CREATE TABLE ${table} (id INT, day DATE, at TIMESTAMP, list ARRAY<DATE>) USING delta`)
    const rows = [...DAYS, ...LATER].map((day, id) => {
      return `(${id}, DATE '${day}', TIMESTAMP '${day} 23:59:59.123456', array(DATE '${day}', NULL))`
    })
    for (const mode of ['LEGACY', 'CORRECTED']) {
      await sparkSql(spark, `INSERT INTO ${table} VALUES ${rows.join(', ')}`, settingsOf(mode, type))
    }
    const texts = 'id, CAST(day AS STRING) AS day, CAST(list[0] AS STRING) AS listed'
    const bySpark = await sparkSql(
      spark,
      `SELECT ${texts}, CAST(unix_micros(at) AS STRING) AS at FROM ${table} ORDER BY id, day, at`,
    )
    const snapshot = await openTable(ref)
    if (!snapshot) throw new Error('Spark made no table')
    const ours = 'id, day::VARCHAR AS day, list[1]::VARCHAR AS listed, epoch_us("at")::VARCHAR AS "at"'
    const byUs = await testTables.ask(snapshot, `SELECT ${ours} FROM rows ORDER BY id, day, "at"`)
    expect(byUs).toEqual(bySpark)
    expect(bySpark).toHaveLength(2 * rows.length)
  })
}

const ZONE = 'spark.sql.session.timeZone'
const ZONES = ['America/Los_Angeles', 'Europe/Berlin', 'Asia/Kathmandu', '+05:30', 'Australia/Lord_Howe']

it('old dates and times of writers in other zones than UTC read as Spark reads them', async ({ spark }) => {
  const ref = testTables.table()
  const table = `delta.\`${join(testTables.lake, ref.path)}\``
  await sparkSql(spark, `CREATE TABLE ${table} (zone STRING, id INT, day DATE, at TIMESTAMP) USING delta`)
  for (const zone of ZONES) {
    const rows = [...DAYS, ...LATER].map(
      (day, id) => `('${zone}', ${id}, DATE '${day}', TIMESTAMP '${day} 12:34:56.123456')`,
    )
    await sparkSql(spark, `INSERT INTO ${table} VALUES ${rows.join(', ')}`, {
      ...settingsOf('LEGACY', 'TIMESTAMP_MICROS'),
      [ZONE]: zone,
    })
  }
  const bySpark = await sparkSql(
    spark,
    `SELECT zone, id, CAST(day AS STRING) AS day, CAST(unix_micros(at) AS STRING) AS at FROM ${table} ORDER BY zone, id`,
  )
  const snapshot = await openTable(ref)
  if (!snapshot) throw new Error('Spark made no table')
  const ours = 'zone, id, day::VARCHAR AS day, epoch_us("at")::VARCHAR AS "at"'
  expect(await testTables.ask(snapshot, `SELECT ${ours} FROM rows ORDER BY zone, id`)).toEqual(bySpark)
  expect(bySpark).toHaveLength(ZONES.length * (DAYS.length + LATER.length))
})

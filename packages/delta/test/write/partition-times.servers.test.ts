import { join } from 'node:path'
import { judgeAppend, judgeStats, sparkSql, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { appendRows, openTable } from '../../src/index.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

const it = withServices('judge', 'spark')
vi.setConfig({ testTimeout: 300_000 })

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const schema = struct(column('id', 'long'), column('at', 'timestamp'))
const TIMES = ['2023-01-01 00:00:00', '2023-01-02 01:02:03.5', '2023-01-03 23:59:59.123456']
const UTC_VALUES = 'spark.databricks.delta.write.utcTimestampPartitionValues'

describe('times by which a table is partitioned', () => {
  const at = (path: string) => `delta.\`${join(testTables.lake, path)}\``

  /** Appends rows of ours to what is there, or makes the table, and asks every engine for all rows. */
  async function all(path: string, judge: { url: string }, spark: { url: string }) {
    const there = await openTable({ store: testTables.store, path })
    const snapshot = there ?? (await testTables.create({ schema, partitionColumns: ['at'] }))
    const rows = TIMES.map((time, id) => `SELECT ${10 + id} AS id, TIMESTAMPTZ '${time}+00' + INTERVAL 1 DAY AS "at"`)
    const after = await committed(appendRows(snapshot, rows.join(' UNION ALL '), testTables))
    const table = join(testTables.lake, after.table.path)
    const engines = ['delta-rs', 'polars', 'pyarrow'] as const
    const judged = await Promise.all(engines.map((engine) => judgeStats(judge, { table, engine })))
    const bySpark = await sparkSql(
      spark,
      `SELECT CAST(unix_micros(at) AS STRING) AS at FROM delta.\`${table}\` ORDER BY 1`,
    )
    expect(await testTables.ask(after, 'SELECT epoch_us("at")::VARCHAR AS "at" FROM rows ORDER BY 1')).toEqual(bySpark)
    return judged.map(({ columns }) => ({ count: columns.at?.count, min: columns.at?.min, max: columns.at?.max }))
  }
  const expected = (count: number, first: string) => {
    const of = { count, min: first, max: '2023-01-04T23:59:59.123456+00:00' }
    return [of, of, of]
  }

  it('are read by delta-rs, polars, pyarrow and Spark where we alone write them', async ({ judge, spark }) => {
    expect(await all('none', judge, spark)).toEqual(expected(3, '2023-01-02T00:00:00+00:00'))
  })
  for (const [way, utc] of [
    ['today', 'true'],
    ['before', 'false'],
  ] as const) {
    it(`are read by all of them where Spark wrote first, as it does ${way}`, async ({ judge, spark }) => {
      const path = `spark_${way}`
      await sparkSql(spark, `CREATE TABLE ${at(path)} (id BIGINT, at TIMESTAMP) USING delta PARTITIONED BY (at)`)
      const rows = TIMES.map((time, id) => `(${id}, TIMESTAMP '${time}')`)
      await sparkSql(spark, `INSERT INTO ${at(path)} VALUES ${rows.join(', ')}`, { [UTC_VALUES]: utc })
      expect(await all(path, judge, spark)).toEqual(expected(6, '2023-01-01T00:00:00+00:00'))
    })
  }
  it('are read by all of them where delta-rs wrote first', async ({ judge, spark }) => {
    await sparkSql(spark, `CREATE TABLE ${at('theirs')} (id BIGINT, at TIMESTAMP) USING delta PARTITIONED BY (at)`)
    const rows = TIMES.map((time, id) => ({ id, at: `${time.replace(' ', 'T')}+00:00` }))
    await judgeAppend(judge, { table: join(testTables.lake, 'theirs'), rows, partitionBy: ['at'] })
    expect(await all('theirs', judge, spark)).toEqual(expected(6, '2023-01-01T00:00:00+00:00'))
  })
})

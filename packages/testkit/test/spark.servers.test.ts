import { expect } from 'vitest'
import { judgeAppend, judgeStats, sparkSql, sparkStats, temporaryFolder, withServices } from '../src/index.ts'

const it = withServices('spark', 'judge')

it('creates a Delta table that delta-rs reads alike', async ({ spark, judge }) => {
  const table = await temporaryFolder()
  await sparkSql(spark, `CREATE TABLE delta.\`${table}\` (ind BIGINT, at TIMESTAMP, place ARRAY<DOUBLE>) USING delta`)
  await sparkSql(
    spark,
    `INSERT INTO delta.\`${table}\` VALUES (1, '2022-01-02 03:04:05', array(1.5, -2)), (2, null, null)`,
  )

  const bySpark = await sparkStats(spark, { table })
  expect(bySpark).toMatchObject({ version: 1, rows: 2, columns: { ind: { sum: 3 }, at: { nulls: 1 } } })
  const { version, rows, columns } = await judgeStats(judge, { table })
  expect({ version, rows, columns }).toEqual(bySpark)
})

it('reads and optimizes what delta-rs wrote', async ({ spark, judge }) => {
  const table = await temporaryFolder()
  await judgeAppend(judge, { table, rows: [{ ind: 1 }] })
  await judgeAppend(judge, { table, rows: [{ ind: 2 }] })
  await sparkSql(spark, `OPTIMIZE delta.\`${table}\``)

  expect(await sparkSql(spark, `SELECT ind FROM delta.\`${table}\` ORDER BY ind`)).toEqual([{ ind: 1 }, { ind: 2 }])
  expect(await sparkStats(spark, { table, version: 0 })).toMatchObject({ version: 0, rows: 1 })
  expect((await judgeStats(judge, { table })).files).toBe(1)
})

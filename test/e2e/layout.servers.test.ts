import { join } from 'node:path'
import { judgeSql, sparkSql, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { addLines, addSales, makeSales, OF_SALES, SALE } from './sales.ts'

const it = withServices('judge', 'spark')

it('delta-rs and Spark read a table by its days, hours and countries, before and after compaction', async ({
  judge,
  spark,
}) => {
  const place = await openWorkplace(OF_SALES)
  onTestFinished(() => place.leave())
  await makeSales(place, { ...SALE, partitionBy: ['country', 'day(sold)', 'hour(sold)'] })
  for (const first of [0, 100, 200]) await addSales(place, first, 100)
  const table = join(place.folder, 'lake', 'sale')
  const query = (from: string) =>
    `SELECT country, CAST(sold_day AS STRING) AS day, count(*) AS n, min(id) AS least, max(id) AS most FROM ${from}
     WHERE sold_hour >= '2026-01-31T23:00:00Z' GROUP BY country, sold_day ORDER BY country, day`
  const expected = await place.sql(
    `SELECT country, sold::DATE::VARCHAR AS day, count(*)::INT AS n, min(id)::INT AS least, max(id)::INT AS most
     FROM sale GROUP BY ALL ORDER BY country, day`,
  )
  expect(expected).toHaveLength(4)
  const numbers = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    rows.map((row) => ({ ...row, n: Number(row.n), least: Number(row.least), most: Number(row.most) }))
  for (const compacted of [false, true]) {
    if (compacted) expect(await place.run('optimize', 'sale')).toMatchObject({ exitCode: 0 })
    const sql = query('t').replaceAll('STRING', 'VARCHAR')
    expect(numbers(await judgeSql(judge, { table, sql }))).toEqual(expected)
    expect(numbers(await sparkSql(spark, query(`delta.\`${table}\``)))).toEqual(expected)
  }
})

it('delta-rs and Spark read a keyed table by its partitions, after rows have changed and moved to another one', async ({
  judge,
  spark,
}) => {
  const place = await openWorkplace(OF_SALES)
  onTestFinished(() => place.leave())
  await makeSales(place, { ...SALE, partitionBy: ['country'], sortBy: [], mode: 'upsert', key: ['id'] })
  await addSales(place, 0, 100)
  const changed = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({ id: i * 3, country: i < 10 ? 'a b/ü' : 'moved', sold: '2026-03-01T00:00:00Z' }),
  )
  await addLines(place, changed.join('\n'))
  const table = join(place.folder, 'lake', 'sale')
  const query = (from: string) =>
    `SELECT country, CAST(count(*) AS INT) AS n, CAST(sum(id) AS INT) AS ids,
       CAST(count(CASE WHEN sold > '2026-02-28T00:00:00Z' THEN 1 END) AS INT) AS fresh
     FROM ${from} WHERE country <> 'no' GROUP BY country ORDER BY country`
  const expected = [
    { country: 'a b/ü', n: 24, ids: 1248, fresh: 10 },
    { country: 'moved', n: 10, ids: 435, fresh: 10 },
  ]
  for (const compacted of [false, true]) {
    if (compacted) expect(await place.run('optimize', 'sale')).toMatchObject({ exitCode: 0 })
    expect(await place.sql(query('sale'))).toEqual(expected)
    expect(await judgeSql(judge, { table, sql: query('t') })).toEqual(expected)
    expect(await sparkSql(spark, query(`delta.\`${table}\``))).toEqual(expected)
  }
})

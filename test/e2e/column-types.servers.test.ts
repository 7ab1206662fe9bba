import { judgeSql, sparkSql, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { EXACT, withOrders } from './column-types.ts'

const it = withServices('judge', 'spark')

const QUERY = `SELECT id, CAST(total AS STRING) AS total, CAST(balance AS STRING) AS balance,
  CAST(day AS STRING) AS day, get(items, 0).pieces AS pieces, get(address.lines, 1) AS lines, labels['gift'] AS gift`

it('delta-rs and Spark read every type of column as we do', ({ judge, spark }) =>
  withOrders(async (_, table) => {
    const [deltaRs, ofSpark] = await Promise.all([
      judgeSql(judge, {
        table,
        sql: 'SELECT id, CAST(total AS STRING) AS total, CAST(day AS STRING) AS day FROM t ORDER BY id',
      }),
      sparkSql(spark, `${QUERY} FROM delta.\`${table}\` ORDER BY id`),
    ])
    const asNumbers = (rows: readonly object[]) =>
      rows.map((row) => ({ ...row, id: Number((row as { id: unknown }).id) }))
    expect(asNumbers(ofSpark)).toEqual(EXACT)
    expect(asNumbers(deltaRs)).toEqual(EXACT.map(({ id, total, day }) => ({ id, total, day })))
  }))

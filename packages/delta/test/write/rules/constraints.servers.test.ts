import { join } from 'node:path'
import { sparkSql, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { appendRows, openTable, schemaOf } from '../../../src/index.ts'
import { constraintSql } from '../../../src/write/rules/constraints.ts'
import { committed, openTestTables, reopened, type TestTables } from '../../test-tables.ts'

const it = withServices('spark')
vi.setConfig({ testTimeout: 300_000 })

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const COLUMNS =
  'k INT, b TINYINT, i INT, l BIGINT, p DECIMAL(10,2), q DECIMAL(20,5), f FLOAT, d DOUBLE, s STRING, o BOOLEAN, day DATE, at TIMESTAMP, v VARCHAR(9)'
const ROWS = [
  "1, 3, 3, 3, 3.00, 3.00000, float(3), 3D, 'a', true, DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', 'a'",
  "2, -1, 0, 9007199254740993, -0.01, 3.00001, float(3.4), 3.4D, 'A', false, DATE '1999-12-31', TIMESTAMP '1999-12-31 23:59:59', 'A '",
  "3, 127, 2147483647, -9223372036854775808, 99999999.99, 0, float('NaN'), double('NaN'), '', true, DATE '9999-12-31', TIMESTAMP '2024-02-29 12:00:00', ''",
  "4, NULL, NULL, NULL, NULL, NULL, float('Infinity'), double('-Infinity'), 'ä', NULL, NULL, NULL, NULL",
  "5, 0, -5, 5, 5.50, 5.5, float(-0.0), -0.0D, 'a ', false, DATE '2020-01-02', TIMESTAMP '2020-01-01 00:00:00.000001', 'zz'",
  "6, 1, 1, 1, 1, 1, NULL, NULL, NULL, true, DATE '1582-10-15', TIMESTAMP '1900-01-01 00:00:00', 'b'",
]
const EXPRESSIONS = [
  ...['i > 0', 'b <= 3', 'l = 9007199254740993', 'l <> 9007199254740992', 'i >= -5', 'l > -9223372036854775808'],
  ...['i > 2.5', 'p = 3', 'p = q', 'p < q', 'i = p', 'l = q', 'p BETWEEN 0 AND 5.5', 'b IN (0, 3, 127)'],
  ...['f = 3.4', 'f >= 3', 'f > 0', 'd = 3.4', 'd <> 3.4', 'd < 0', 'f = d', 'f <= d', 'd >= 3.00', 'f <> 0'],
  ...["s = 'a'", "s > 'Z'", "s <> ''", "s IN ('a', 'ä')", "s NOT IN ('a', 'A')", 's < v', "v = 'A'", 's <=> NULL'],
  ...['o', 'NOT o', 'o = true', 'o <> false', 'o IS NULL OR NOT o', 'o AND i > 0 OR day IS NULL', 'NOT i = 0 AND o'],
  ...["day > '2020-01-01'", "day = DATE '1999-12-31'", "day NOT BETWEEN '2000-01-01' AND '2020-01-01'"],
  ...["'1582-10-15' >= day", 'at IS NOT NULL', 'at = at', 'i = NULL', 'NULL IS NULL', '1 < 2.0', 'i IN (NULL, 3)'],
]

it('constraints are as true here as they are in Spark', async ({ spark }) => {
  const ref = testTables.table()
  const table = `delta.\`${join(testTables.lake, ref.path)}\``
  await sparkSql(spark, `CREATE TABLE ${table} (${COLUMNS}) USING delta`)
  await sparkSql(spark, `INSERT INTO ${table} VALUES ${ROWS.map((row) => `(${row})`).join(', ')}`)
  const list = (of: (expression: string) => string) => EXPRESSIONS.map((each, i) => `${of(each)} AS e${i}`).join(', ')
  const bySpark = await sparkSql(spark, `SELECT ${list((each) => `(${each})`)} FROM ${table} ORDER BY k`)
  const snapshot = await openTable(ref)
  if (!snapshot) throw new Error('Spark made no table')
  const { fields } = schemaOf(snapshot.metadata)
  const ours = list((each) => String(constraintSql(each, fields, ({ name }) => `"${name}"`)))
  const byUs = await testTables.ask(snapshot, `SELECT ${ours} FROM rows ORDER BY k`)
  const named = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    rows.map((row) => Object.fromEntries(EXPRESSIONS.map((each, i) => [each, row[`e${i}`]])))
  expect(named(byUs)).toEqual(named(bySpark))
})

it('what is appended under constraints of Spark, Spark accepts: it can change the rows', async ({ spark }) => {
  const ref = testTables.table()
  const table = `delta.\`${join(testTables.lake, ref.path)}\``
  await sparkSql(spark, `CREATE TABLE ${table} (id BIGINT NOT NULL, name VARCHAR(3), code CHAR(4)) USING delta`)
  await sparkSql(spark, `ALTER TABLE ${table} ADD CONSTRAINT positive CHECK (id > 0 AND name <> 'no')`)
  const snapshot = await openTable(ref)
  if (!snapshot) throw new Error('Spark made no table')
  const good = `SELECT 1 AS id, 'abc' AS name, 'x' AS code`
  const after = await committed(appendRows(snapshot, good, testTables))
  for (const bad of ["0 AS id, 'a' AS name", '1 AS id', "NULL AS id, 'a' AS name", "1 AS id, 'abcd' AS name"]) {
    await expect(appendRows(after, `SELECT ${bad}`, testTables)).rejects.toMatchObject({ code: 'TABLE_SCHEMA' })
  }
  await sparkSql(spark, `UPDATE ${table} SET id = id + 1`)
  expect(await sparkSql(spark, `SELECT * FROM ${table}`)).toEqual([{ id: 2, name: 'abc', code: 'x   ' }])
  await committed(appendRows(await reopened(after), good, testTables))
})

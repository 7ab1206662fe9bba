import { quoteName } from '@millrace/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendRows, type StructField } from '../../../src/index.ts'
import { constraintSql } from '../../../src/write/rules/constraints.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../../test-tables.ts'

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

const FIELDS: readonly StructField[] = [
  column('id', 'long'),
  column('Price', 'decimal(10,2)'),
  column('ratio', 'double'),
  column('share', 'float'),
  column('name', 'string'),
  column('a b`c', 'string'),
  column('ok', 'boolean'),
  column('day', 'date'),
  column('at', 'timestamp'),
  column('until', 'timestamp'),
  column('wide', 'decimal(38,10)'),
  column('list', { type: 'array', elementType: 'long', containsNull: true }),
  { ...column('code', 'string'), metadata: { __CHAR_VARCHAR_TYPE_STRING: 'char(3)' } },
]
const taken = (expression: string) => constraintSql(expression, FIELDS, ({ name }) => quoteName(name))

test.each([
  ['id > 0', `(CAST("id" AS DECIMAL(19, 0)) > CAST('0' AS DECIMAL(19, 0)))`],
  ['ID >= -1.5', `(CAST("id" AS DECIMAL(20, 1)) >= CAST('-1.5' AS DECIMAL(20, 1)))`],
  ['price<>id', '(CAST("Price" AS DECIMAL(21, 2)) <> CAST("id" AS DECIMAL(21, 2)))'],
  ['ratio < 3.4', `("ratio" < CAST('3.4' AS DOUBLE))`],
  ["name IN ('a', 'b') OR name IS NULL", `(((("name" = 'a') OR ("name" = 'b'))) OR ("name" IS NULL))`],
  ["`a b``c` not in ('x')", `(NOT (("a b\`c" = 'x')))`],
  ["day between '2020-01-01' and DATE '2021-01-01'", undefined],
  ['NOT ok AND at <= until', '((NOT "ok") AND ("at" <= "until"))'],
  ['list IS NOT NULL', '("list" IS NOT NULL)'],
  ['ok <=> NULL', '("ok" IS NOT DISTINCT FROM NULL)'],
  ['ok = true', '("ok" = true)'],
])('%s is taken', async (expression, sql) => {
  const found = taken(expression)
  expect(found).toBeDefined()
  if (sql !== undefined) expect(found).toBe(sql)
  const values = FIELDS.map(({ name }) => `NULL AS ${quoteName(name)}`)
  const typed = await testTables.create({ schema: struct(...FIELDS) })
  const one = await committed(appendRows(typed, `SELECT ${values.join(', ')}`, testTables))
  const [row] = await testTables.ask(one, `SELECT ${found} AS holds FROM rows`)
  expect([true, false, null]).toContain(row?.holds)
})

test.each([
  '',
  'id',
  'nobody > 0',
  'abs(id) > 0',
  'id + 1 > 0',
  'id > 5L',
  'id > 1e3',
  "id > '5'",
  'id > ratio',
  'share > 16777217',
  'wide > 12345678901234567890123456789',
  "name LIKE 'a%'",
  "name = 'a\\'b'",
  "name = 'a' 'b'",
  "name = 'it''s'",
  'name = "a"',
  "code = 'abc'",
  "at > '2020-01-01'",
  "day > '2020-02-30'",
  "day > 'yesterday'",
  'list = list',
  'id > 0; DROP TABLE x',
  'id > 0 -- AND ok',
  'id > 0 /* */ AND ok',
  '((id > 0)',
  'id > 0)',
  'id IN ()',
  'id BETWEEN 1',
  'NOT',
  'id IS',
  `${'('.repeat(200)}ok${')'.repeat(200)}`,
  `${'NOT '.repeat(5000)}ok`,
  `name = '${'x'.repeat(20_000)}'`,
  'SELECT 1',
  'ok AND (SELECT true)',
])('%.60s is not taken', (expression) => {
  expect(taken(expression)).toBeUndefined()
})

test('whatever a constraint says, no statement comes of it but a truth', async () => {
  const words = [
    'id',
    'ok',
    'name',
    '0',
    "'x'",
    '(',
    ')',
    'AND',
    'OR',
    'NOT',
    '=',
    '<',
    'IS NULL',
    ',',
    'IN',
    ';',
    '--',
  ]
  const expressions = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 9 })
  const one = `SELECT 1::BIGINT AS id, true AS ok, 'x' AS name`
  await fc.assert(
    fc.asyncProperty(expressions, async (parts) => {
      const sql = taken(parts.join(' '))
      if (sql === undefined || /Price|ratio|share|wide|list|code|day|until|"at"|a b/.test(sql)) return
      const found = await testTables.connection.runAndReadAll(`SELECT ${sql} FROM (${one})`)
      expect([true, false, null]).toContain(found.getRows()[0]?.[0])
    }),
    { numRuns: 500 },
  )
})

describe('a table with constraints', () => {
  test('takes the rows for which they are true, and no others', async () => {
    const schema = struct(column('id', 'long'), {
      ...column('n', 'integer'),
      metadata: { 'delta.invariants': JSON.stringify({ expression: { expression: 'n < 10' } }) },
    })
    const configuration = { 'Delta.Constraints.Positive': 'id > 0' }
    const snapshot = await testTables.create({ schema, configuration })
    const after = await committed(appendRows(snapshot, 'SELECT 1 AS id, 9 AS n', testTables))
    for (const [row, reason] of [
      ['0 AS id, 1 AS n', `the table's constraint Positive (id > 0) does not hold`],
      ['NULL AS id, 1 AS n', 'constraint Positive'],
      ['1 AS id, 10 AS n', `the table's invariant of column n (n < 10) does not hold`],
      ['1 AS id', 'invariant of column n'],
    ]) {
      await expect(appendRows(after, `SELECT ${row}`, testTables)).rejects.toMatchObject({
        code: 'TABLE_SCHEMA',
        message: expect.stringContaining(String(reason)),
      })
    }
    expect(await testTables.ask(after, 'SELECT id, n FROM rows')).toEqual([{ id: '1', n: 9 }])
  })
})

import { openLake } from '@millrace/store'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendRows, openTable, type Predicate, planScan, type Snapshot, withScan } from '../../src/index.ts'
import { type Comparison, predicateSql } from '../../src/read/predicate.ts'
import { sharedFolder } from '../shared.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
beforeAll(async () => {
  at = await openTestTables()
})
afterAll(() => at.close())

const SCHEMA = struct(
  column('p', 'integer'),
  column('l', 'long'),
  column('s', 'string'),
  column('f', 'double'),
  column('d', 'decimal(30,5)'),
  column('day', 'date'),
  column('t', 'timestamp'),
  column('b', 'boolean'),
)

/** One file of `p` for each of five values, with what is awkward in each: nothing, NaN, long texts, big numbers. */
const FILES = [
  `SELECT 1 AS p, i AS l, 'k' || i AS s, i / 2 AS f, i::DECIMAL(30, 5) AS d, DATE '2024-01-01' + i::INTEGER AS day,
    TIMESTAMPTZ '2024-01-01 00:00:00.0005+00' + to_hours(i) AS t, i % 2 = 0 AS b FROM range(5) t(i)`,
  `SELECT 2 AS p, 9007199254740990 + i AS l, repeat('long', 20) || i AS s, CASE i WHEN 0 THEN 'nan'::DOUBLE ELSE i END AS f,
    '12345678901234567890.5'::DECIMAL(30, 5) + i AS d, DATE '1969-12-31' AS day, TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' AS t,
    false AS b FROM range(4) t(i)`,
  `SELECT 3 AS p, NULL AS l, NULL AS s, NULL AS f, NULL AS d, NULL AS day, NULL AS t, NULL AS b FROM range(2)`,
  `SELECT NULL AS p, -7 AS l, '' AS s, '-inf'::DOUBLE AS f, -0.00001 AS d, DATE '2024-01-03' AS day, NULL AS t, true AS b`,
  `SELECT 5 AS p, i AS l, '☃𝄞' AS s, 3 AS f, 3 AS d, NULL AS day, TIMESTAMPTZ '2024-01-01 03:00:00+00' AS t, NULL AS b
    FROM range(3, 5) t(i)`,
]

let table: Promise<Snapshot> | undefined
async function awkward(): Promise<Snapshot> {
  let snapshot = await at.create({ schema: SCHEMA, partitionColumns: ['p'] })
  for (const rows of FILES) snapshot = await committed(appendRows(snapshot, rows, at))
  return snapshot
}

async function rowsWhere(snapshot: Snapshot, where: Predicate): Promise<unknown[]> {
  return withScan(planScan(snapshot, { where }), at.connection, async (sql) =>
    (await at.connection.runAndReadAll(`SELECT * FROM (${sql}) ORDER BY ALL`)).getRowsJson(),
  )
}

async function rowsFiltered(snapshot: Snapshot, where: Predicate): Promise<unknown[]> {
  return withScan(planScan(snapshot), at.connection, async (sql) => {
    const filtered = `SELECT * FROM (${sql}) WHERE ${predicateSql(where, SCHEMA.fields)} ORDER BY ALL`
    return (await at.connection.runAndReadAll(filtered)).getRowsJson()
  })
}

const VALUES: Readonly<Record<string, readonly (string | number | bigint | boolean)[]>> = {
  p: [1, 2, 4, 5n, 2.5],
  l: [-7, 0, 3, '4', 9007199254740991n, '9007199254740993', 3.5],
  s: ['', 'k0', 'k4', 'k44', 'longlonglonglonglonglonglonglong', `${'long'.repeat(20)}2`, '☃', '𝄞', '☃𝄞'],
  f: [0, 1, 2.5, 3, 1e300, '-inf', 'nan', 'inf'],
  d: ['12345678901234567890.5', '12345678901234567893.5', '-0.00001', 0, 3],
  day: ['1969-12-31', '2024-01-03', '2024-01-05', '2024-01-06'],
  t: [
    '1969-12-31 23:59:59.999999',
    '2024-01-01 03:00:00',
    '2024-01-01 00:00:00.0005',
    '2024-01-01T04:00:00.0005Z',
    '2024-01-01 04:00:00.0006',
  ],
  b: [true, false],
}
const comparison = fc.constantFrom<Comparison>('=', '<>', '<', '<=', '>', '>=')
const leaf: fc.Arbitrary<Predicate> = fc.constantFrom(...Object.keys(VALUES)).chain((name) => {
  const value = fc.constantFrom(...(VALUES[name] ?? []))
  return fc.oneof(
    fc.record({ op: comparison, column: fc.constant(name), value }),
    fc.record({ op: fc.constant('in' as const), column: fc.constant(name), values: fc.array(value, { maxLength: 3 }) }),
    fc.record({ op: fc.constant('is null' as const), column: fc.constant(name) }),
    fc.record({ op: fc.constant('is not null' as const), column: fc.constant(name) }),
  )
})
const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  leaf,
  fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(leaf, { maxLength: 3 }) }),
)

test('a scan of the files that are left gives every row that the predicate is true for', async () => {
  table ??= awkward()
  const snapshot = await table
  await fc.assert(
    fc.asyncProperty(predicate, async (where) => {
      expect(await rowsWhere(snapshot, where)).toEqual(await rowsFiltered(snapshot, where))
    }),
    { numRuns: 300 },
  )
})

describe('files are left out', () => {
  const cases: readonly [Predicate, (number | null)[]][] = [
    [{ op: '=', column: 'p', value: 2 }, [2]],
    [{ op: 'is null', column: 'p' }, [null]],
    [{ op: 'in', column: 'p', values: [1, 5] }, [1, 5]],
    [{ op: '=', column: 'l', value: '9007199254740993' }, [2]],
    [{ op: '>', column: 'l', value: 9007199254740993n }, []],
    [{ op: '<', column: 'l', value: -6 }, [null]],
    [{ op: 'is null', column: 'l' }, [3]],
    // An empty bound may be a cut-off one.
    [{ op: '>=', column: 's', value: '☃' }, [5, null]],
    [{ op: '<', column: 'f', value: -1 }, [2, null]],
    [{ op: '>', column: 'd', value: '12345678901234567893' }, [2]],
    [{ op: '>', column: 'day', value: '2024-01-05' }, []],
    [{ op: '<', column: 't', value: '2024-01-01' }, [2]],
    [
      {
        op: 'or',
        of: [
          { op: '=', column: 'p', value: 5 },
          { op: '=', column: 'd', value: '-0.00001' },
        ],
      },
      [5, null],
    ],
    [
      {
        op: 'and',
        of: [
          { op: '>', column: 'l', value: 2 },
          { op: '<', column: 'l', value: 4 },
        ],
      },
      [1, 5],
    ],
  ]
  test.each(cases)('for %o', async (where, left) => {
    table ??= awkward()
    const partitions = planScan(await table, { where }).files.map(({ partitionValues }) => partitionValues.p)
    const numbers = partitions.map((value) => (value === null ? null : Number(value)))
    expect(numbers.sort()).toEqual(left.sort())
  })
})

test('a bound that its writer cut down to milliseconds hides nothing', async () => {
  const snapshot = await at.create({ schema: struct(column('t', 'timestamp')) })
  const bounds = { t: '2024-01-01T00:00:00.000Z' }
  const stats = JSON.stringify({ numRecords: 1, minValues: bounds, maxValues: bounds, nullCount: { t: 0 } })
  const file = { path: 'a', partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, stats }
  const one = { ...snapshot, files: snapshot.files.with(new Map([['a', file]])) }
  const left = (op: Comparison, value: string) => planScan(one, { where: { op, column: 't', value } }).files.length
  expect([left('=', '2024-01-01 00:00:00.0005'), left('>', '2024-01-01 00:00:00.0005')]).toEqual([1, 1])
  expect([left('=', '2024-01-01 00:00:00.001'), left('>', '2024-01-01 00:00:00.001')]).toEqual([0, 0])
})

test.each(['{"numRecords":', '[]', '"text"', '{"minValues":{"l":{"x":1}},"maxValues":7}'])(
  'statistics that are none hide nothing: %s',
  async (stats) => {
    table ??= awkward()
    const snapshot = await table
    const files = new Map(snapshot.files.entries().map(([key, file]) => [key, { ...file, stats }]))
    const where: Predicate = { op: '=', column: 'l', value: 1 }
    expect(planScan({ ...snapshot, files: snapshot.files.with(files) }, { where }).files).toHaveLength(5)
  },
)

const golden = sharedFolder('data/delta-golden')
describe.skipIf(golden === undefined)('the statistics that Spark wrote', () => {
  const names = ['', '-checkpoint', '-columnmapping-id', '-columnmapping-name'].map(
    (suffix) => `data-skipping-basic-stats-all-types${suffix}`,
  )

  test.for(names)('leave out the one file of zeros where no zero is wanted: %s', async (path) => {
    const snapshot = (await openTable({ store: await openLake(golden ?? ''), path })) as Snapshot
    const zeros = {
      as_int: 0,
      as_long: 0,
      as_byte: 0,
      as_short: 0,
      as_float: 0,
      as_double: 0,
      as_string: '0',
      as_date: '2000-01-01',
      as_timestamp: '2000-01-01 08:00:00',
      as_big_decimal: 0,
    }
    const others = { ...zeros, as_string: '1', as_date: '2000-01-02', as_timestamp: '2000-01-01 08:00:00.001' }
    for (const [name, zero] of Object.entries(zeros)) {
      const left = (op: Comparison, value: string | number) =>
        planScan(snapshot, { where: { op, column: name, value } }).files.length
      expect([name, left('=', zero), left('<', zero), left('>=', zero)]).toEqual([name, 1, 0, 1])
      const other = others[name as keyof typeof others]
      expect([name, left('=', other === 0 ? 1 : other)]).toEqual([name, 0])
    }
  })
})

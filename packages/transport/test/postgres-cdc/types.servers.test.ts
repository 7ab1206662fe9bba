import { withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { readTypes, type TypedValue } from '../table-reading.ts'
import { newDatabase, readingOf } from './database.ts'

const it = withServices('postgres')

const COLUMNS: readonly TypedValue[] = [
  ['SMALLINT', '-32768', -32_768],
  ['INT', '2147483647', 2_147_483_647],
  ['BIGINT', '-9223372036854775808', -9_223_372_036_854_775_808n],
  ['OID', '4294967295', 4_294_967_295],
  ['REAL', '0.1', 0.1],
  ['FLOAT8', '1.7976931348623157e308', 1.797_693_134_862_315_7e308],
  ['FLOAT8', "'NaN'", 'NaN'],
  ['FLOAT8', "'-Infinity'", '-Infinity'],
  ['NUMERIC(30,10)', '-12345678901234567890.0123456789', '-12345678901234567890.0123456789'],
  ['NUMERIC', '1e-20', '0.00000000000000000001'],
  ['NUMERIC', "'NaN'", 'NaN'],
  ['MONEY', '12.5', '12.50'],
  ['MONEY', '-1234567.89', '-1234567.89'],
  ['BOOLEAN', 'true', true],
  ['DATE', "'0001-01-01'", '0001-01-01'],
  ['DATE', "'infinity'", 'infinity'],
  ['DATE', "'0044-03-15 BC'", '0044-03-15 BC'],
  ['TIMESTAMP', "'1969-12-31 23:59:59.000001'", '1969-12-31 23:59:59.000001'],
  ['TIMESTAMPTZ', "'2026-01-31 12:00:00.5+02'", '2026-01-31 10:00:00.5+00'],
  ['TIME', "'24:00:00'", '24:00:00'],
  ['TIMETZ', "'12:00:00.000001+05:30'", '12:00:00.000001+05:30'],
  ['INTERVAL', "'1 year 2 months -3 days 04:05:06.7'", '1 year 2 mons -3 days +04:05:06.7'],
  ['TEXT', `E'line\\nbreak "\\\\ ü😀'`, 'line\nbreak "\\ ü😀'],
  ['TEXT', "repeat('x', 100000)", 'x'.repeat(100_000)],
  ['CHAR(5)', "'ab '", 'ab   '],
  ['VARCHAR(10)', "''", ''],
  ['BYTEA', "'\\x00ff0a'", 'AP8K'],
  ['BIT(1)', "B'1'", true],
  ['BIT(3)', "B'101'", 5],
  ['BIT(64)', '(-1)::bit(64)', 18_446_744_073_709_551_615n],
  ['BIT VARYING', "B'0101'", 5],
  ['BIT(1)[]', "ARRAY[B'0', B'1']", [false, true]],
  ['UUID', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['JSON', '\'{"a":  [1]}\'', '{"a":  [1]}'],
  ['JSONB', '\'{"a":  [1]}\'', '{"a": [1]}'],
  ['XML', "'<a>1</a>'", '<a>1</a>'],
  ['INET', "'10.0.0.1/8'", '10.0.0.1/8'],
  ['MACADDR', "'08:00:2b:01:02:03'", '08:00:2b:01:02:03'],
  ['POINT', "'(1,2)'", { wkb: 'AQEAAAAAAAAAAADwPwAAAAAAAABA', srid: null }],
  ['INT4RANGE', "'[1,5)'", '[1,5)'],
  ['TSVECTOR', "'a b'", "'a' 'b'"],
  ['mood', "'it''s ok'", "it's ok"],
  ['positive', '7', 7],
  ['pair', "ROW(1, 'a b')", '(1,"a b")'],
  ['INT[]', "'{1,NULL,-3}'", [1, null, -3]],
  ['INT[]', "'{}'", []],
  ['INT[]', "'[0:1]={7,8}'", [7, 8]],
  [
    'INT[][]',
    "'{{1,2},{3,4}}'",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['TEXT[]', `ARRAY['a b', 'NULL', '', 'q"\\', '{,}', NULL]`, ['a b', 'NULL', '', 'q"\\', '{,}', null]],
  ['BOOLEAN[]', "'{t,f}'", [true, false]],
  ['FLOAT8[]', "'{1.5,NaN}'", [1.5, 'NaN']],
  ['BYTEA[]', `ARRAY['\\x00'::bytea, '\\xff']`, ['AA==', '/w==']],
  ['NUMERIC[]', "'{1.10,2}'", ['1.10', '2']],
  ['TIMESTAMPTZ[]', `ARRAY['2026-01-31 12:00:00+00'::timestamptz]`, ['2026-01-31 12:00:00+00']],
  ['mood[]', `ARRAY['it''s ok', 'sad']::mood[]`, ["it's ok", 'sad']],
  ['positive[]', "'{7}'", [7]],
  ['BOX[]', "'{(2,2),(1,1);(4,4),(3,3)}'", ['(2,2),(1,1)', '(4,4),(3,3)']],
  ['INT2VECTOR', "'1 2'", '1 2'],
]

it('a value is the same from the table’s rows and from the log, whatever its type is', async ({ postgres }) => {
  const database = await newDatabase(postgres)
  const { sql } = database
  await sql(`CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN positive AS INT CHECK (VALUE > 0)`)
  await sql('CREATE TYPE pair AS (a INT, b TEXT)')
  const { logged, read, rows } = await readTypes(COLUMNS, () => readingOf(database, 'wide'), sql)
  expect(logged.map(({ op, after }) => [op, after])).toEqual(rows.map((row) => ['c', row]))
  expect(read.map(({ op, after }) => [op, after])).toEqual(rows.map((row) => ['r', row]))
  expect(read.map(({ key }) => key)).toEqual([{ id: 1 }, { id: 2 }])
})

it('a large value that an update leaves alone comes all the same: from the log with REPLICA IDENTITY FULL, else from the table', async ({
  postgres,
}) => {
  const database = await newDatabase(postgres)
  const { sql } = database
  const big = (seed: string) => `(SELECT string_agg(md5('${seed}' || g), '') FROM generate_series(1, 400) g)`
  await sql(
    'CREATE TABLE users (id INT PRIMARY KEY, n INT, big TEXT, gone TEXT); CREATE TABLE whole (LIKE users INCLUDING ALL)',
  )
  await sql('ALTER TABLE whole REPLICA IDENTITY FULL')
  const [users, whole] = [await readingOf(database, 'users'), await readingOf(database, 'whole')]
  const [from, fromWhole] = [await users.start('latest'), await whole.start('latest')]
  for (const table of ['users', 'whole']) {
    await sql(`INSERT INTO ${table} SELECT i, 0, ${big('a')}, ${big('b')} FROM generate_series(1, 4) i`)
    await sql(`UPDATE ${table} SET n = 1`)
    await sql(`UPDATE ${table} SET id = id + 10 WHERE id = 1`)
    await sql(`UPDATE ${table} SET big = ${big('c')} WHERE id = 2`)
    await sql(`DELETE FROM ${table} WHERE id = 3`)
    await sql(`ALTER TABLE ${table} DROP COLUMN gone`)
    await sql(`UPDATE ${table} SET n = 2 WHERE id = 4`)
  }
  const [[values]] = [await sql(`SELECT ${big('a')} AS a, ${big('b')} AS b, ${big('c')} AS c`)]
  const named = (text: unknown) => Object.entries(values ?? {}).find(([, value]) => value === text)?.[0] ?? text
  const seen = ({ changes }: Awaited<ReturnType<typeof users.through>>) =>
    changes
      .slice(4)
      .filter(({ op }) => op !== 'r')
      .map(({ op, key, after }) => {
        return [op, (key as { id: number }).id, after && [after.n, named(after.big), named(after.gone)].join()]
      })
  const exact = [
    ...[1, 2, 3, 4].map((id) => ['u', id, '1,a,b']),
    ...[
      ['d', 1, null],
      ['c', 11, '1,a,b'],
      ['u', 2, '1,c,b'],
      ['d', 3, null],
      ['u', 4, '2,a,'],
    ],
  ]
  expect(seen(await whole.through(fromWhole))).toEqual(exact)
  await whole.source.close()
  // The row that moved, the one that is gone and the column that was dropped have no value there any more.
  expect(seen(await users.through(from))).toEqual([
    ...[
      ['u', 1, '1,,'],
      ['u', 2, '1,c,'],
      ['u', 3, '1,,'],
      ['u', 4, '1,a,'],
    ],
    ...[
      ['d', 1, null],
      ['c', 11, '1,a,'],
      ['u', 2, '1,c,'],
      ['d', 3, null],
      ['u', 4, '2,a,'],
    ],
  ])
})

import type { Below, ComparedColumn } from './compared-columns.ts'
import { day, digits, hex, pairOf, plain, sign, smallOf, time, two } from './random-values.ts'

type Value = ComparedColumn['value']

const moment = (name: string, sql: string, value: Value): ComparedColumn => ({
  ...{ name, sql, value, field: 'timestamp', type: 'timestamp' },
  inDatabase: `to_char(${name}, 'YYYY-MM-DD HH24:MI:SS.US')`,
  inLake: `strftime(${name} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')`,
})
/** A list comes as its JSON. */
const list = (name: string, sql: string, value: Value): ComparedColumn => ({
  ...{
    name,
    sql,
    value,
    field: 'text',
    type: 'string',
    clean: `CAST(CAST(CAST(${name} AS JSON) AS VARCHAR[]) AS VARCHAR)`,
  },
  inDatabase: `'[' || array_to_string(${name}, ', ', 'NULL') || ']'`,
})

const TEXTS = ["'plain'", "''", `'it''s "quoted"'`, String.raw`'back\slash'`, "'ü😀'", String.raw`E'line\nbreak\ttab'`]
const text = (next: Below) => TEXTS[next(TEXTS.length)] ?? "''"
const uuid = (next: Below) => `'${hex(next, 16)}'::uuid`
/** So long, and so hard to compress, that it is stored outside of its row. */
const large = (next: Below) => `(SELECT string_agg(md5('${next(1e6)}' || g), '') FROM generate_series(1, 120) g)`

/** A table with the usual types of PostgreSQL. */
export const WIDE: readonly ComparedColumn[] = [
  plain('id', 'BIGINT', 'long', (next) => String(next(200))),
  plain('si', 'SMALLINT', 'integer', (next) => String(next(65_536) - 32_768)),
  plain('n', 'INT', 'integer', (next) => `${sign(next)}${digits(next, 9)}`),
  plain('bi', 'BIGINT', 'long', (next) => `${sign(next)}${digits(next, 18)}`),
  { ...plain('f', 'REAL', 'double', (next) => `${sign(next)}${next(1e6)}e${next(60) - 30}`), bits: 32 },
  {
    ...plain('dd', 'FLOAT8', 'double', (next) => `${sign(next)}${next(1e6)}.${next(1e6)}e${next(300) - 150}`),
    bits: 64,
  },
  plain('d12', 'NUMERIC(12,2)', 'decimal(12,2)', (next) => `${sign(next)}${digits(next, 10)}.${next(100)}`),
  plain('d38', 'NUMERIC(38,10)', 'decimal(38,10)', (next) => `${sign(next)}${digits(next, 28)}.${digits(next, 10)}`),
  {
    ...plain('num', 'NUMERIC', 'decimal(38,20)', (next) =>
      next(3) ? `${sign(next)}${digits(next, 15)}.${digits(next, 20)}` : `${sign(next)}${next(9)}00`,
    ),
    inDatabase: 'num::numeric(38,20)::text',
  },
  {
    ...plain('cash', 'MONEY', 'decimal(19,2)', (next) => `'${sign(next)}${digits(next, 9)}.${two(next(100))}'`),
    inDatabase: 'cash::numeric::text',
  },
  plain('ok', 'BOOLEAN', 'boolean', (next) => String(next(2) === 0)),
  plain('da', 'DATE', 'date', (next) => `'${day(next)}'`),
  plain('t', 'TIME', 'text', (next) => `'${time(next)}.${digits(next, 6)}'`),
  moment('ts', 'TIMESTAMP', (next) => `'${day(next)} ${time(next)}.${digits(next, 6)}'`),
  moment('ts0', 'TIMESTAMP(0)', (next) => `'${day(next)} ${time(next)}'`),
  moment('ts3', 'TIMESTAMP(3)', (next) => `'${day(next)} ${time(next)}.${digits(next, 3)}'`),
  moment('tz', 'TIMESTAMPTZ', (next) => `'${day(next)} ${time(next)}.${digits(next, 6)}+0${next(9)}'`),
  { ...plain('c', 'CHAR(20)', 'text', text), inDatabase: 'rpad(c::text, 20)' },
  plain('vc', 'VARCHAR(100)', 'text', text),
  plain('tx', 'TEXT', 'text', (next) => (next(5) ? text(next) : large(next))),
  plain('js', 'JSON', 'text', (next) => `'{"a":  [${next(10)}, null, "ü"],  "b": 1.50}'`),
  plain('jb', 'JSONB', 'text', (next) => `'{"a":  [${next(10)}, null, "ü"],  "b": 1.50}'`),
  plain('u', 'UUID', 'text', uuid),
  plain('e', 'mood', 'text', (next) => (next(2) ? "'it''s ok'" : "'sad'")),
  plain('ip', 'INET', 'text', (next) => `'10.0.0.${next(256)}/${8 + next(24)}'`),
  plain('r', 'INT4RANGE', 'text', (next) => `'[${next(9)},${9 + next(9)})'`),
  plain('x', 'XML', 'text', (next) => `'<a>${next(10)}</a>'`),
  { ...plain('b1', 'BIT(1)', 'boolean', (next) => `B'${next(2)}'`), inDatabase: `(b1 = B'1')::text` },
  { ...plain('b9', 'BIT(9)', 'integer', (next) => `${next(512)}::bit(9)`), inDatabase: 'b9::int::text' },
  {
    ...{ name: 'bl', sql: 'BYTEA', field: 'text', type: 'binary', clean: 'from_base64(bl)' },
    ...{ inDatabase: "encode(bl, 'hex')", inLake: 'lower(hex(bl))', value: (next) => `'\\x${hex(next, next(40))}'` },
  },
  {
    ...plain('p', 'POINT', 'text', (next) => `'(${next(100)}.25,-${1 + next(100)})'`),
    inDatabase: `'POINT(' || p[0] || ' ' || p[1] || ')'`,
  },
  { ...plain('iv', 'INTERVAL', 'text', (next) => `'${next(30)} months ${next(40)} days ${time(next)}.5'`) },
  list('ai', 'INT[]', (next) => `'{${next(9)},NULL,-${next(9)}}'`),
  list('aw', 'TEXT[]', (next) => `ARRAY['a', 'b${next(9)}', NULL]`),
  list('an', 'NUMERIC(9,2)[]', (next) => `'{${digits(next, 6)}.50,NULL}'`),
  list('ad', 'DATE[]', (next) => `'{${day(next)},${day(next)}}'`),
  list('au', 'UUID[]', (next) => `ARRAY[${uuid(next)}]`),
]

export const PAIR = pairOf(text)

export const SMALL = smallOf(text)

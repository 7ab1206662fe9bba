import type { Below, ComparedColumn } from './compared-columns.ts'
import { day, digits, hex, pairOf, plain, sign, smallOf, time, two } from './random-values.ts'

const moment = (name: string, sql: string, value: ComparedColumn['value']): ComparedColumn => ({
  ...{ name, sql, value, field: 'timestamp', type: 'timestamp' },
  inDatabase: `DATE_FORMAT(${name}, '%Y-%m-%d %H:%i:%s.%f')`,
  inLake: `strftime(${name} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')`,
})
const bytes = (name: string, sql: string, value: ComparedColumn['value']): ComparedColumn => ({
  ...{ name, sql, value, field: 'text', type: 'binary', clean: `from_base64(${name})` },
  ...{ inDatabase: `LOWER(HEX(${name}))`, inLake: `lower(hex(${name}))` },
})
const shape = (name: string, sql: string, value: ComparedColumn['value']): ComparedColumn => ({
  ...plain(name, sql, 'text', value),
  inDatabase: `ST_AsText(${name})`,
})
/** A time of day is text in the lake, without zeros at the end of its fraction. */
const clock = (name: string, sql: string, value: ComparedColumn['value']): ComparedColumn => ({
  ...plain(name, sql, 'text', value),
  inDatabase: `REGEXP_REPLACE(CAST(${name} AS CHAR), '([.][0-9]*[1-9])0+$|[.]0+$', '\\\\1')`,
})

/** Texts that are easily broken. */
const TEXTS = [
  `'plain'`,
  `''`,
  `'it''s "quoted"'`,
  String.raw`'back\\slash'`,
  `'ü😀'`,
  `'line\nbreak\ttab'`,
  `'null'`,
  `'__debezium'`,
]
const text = (next: Below) => TEXTS[next(TEXTS.length)] ?? `''`

/** A table with the usual types of MariaDB. */
export const WIDE: readonly ComparedColumn[] = [
  plain('id', 'BIGINT', 'long', (next) => String(next(300))),
  plain('ti', 'TINYINT', 'integer', (next) => String(next(256) - 128)),
  plain('tu', 'TINYINT UNSIGNED', 'integer', (next) => String(next(256))),
  plain('si', 'SMALLINT UNSIGNED', 'integer', (next) => String(next(65_536))),
  plain('mi', 'MEDIUMINT UNSIGNED', 'integer', (next) => String(next(16_777_216))),
  plain('iu', 'INT UNSIGNED', 'long', (next) => String(next(4_294_967_296))),
  plain('bi', 'BIGINT', 'long', (next) => `${sign(next)}${digits(next, 18)}`),
  plain('bu', 'BIGINT UNSIGNED', 'decimal(20,0)', (next) => (next(3) ? digits(next, 19) : '18446744073709551615')),
  plain('ok', 'BOOLEAN', 'integer', (next) => String(next(2))),
  { ...plain('f', 'FLOAT', 'double', (next) => `${sign(next)}${next(1e6)}e${next(60) - 30}`), bits: 32 },
  {
    ...plain('dd', 'DOUBLE', 'double', (next) => `${sign(next)}${next(1e6)}.${next(1e6)}e${next(300) - 150}`),
    bits: 64,
  },
  plain('d12', 'DECIMAL(12,2)', 'decimal(12,2)', (next) => `${sign(next)}${digits(next, 10)}.${next(100)}`),
  plain('d38', 'DECIMAL(38,10)', 'decimal(38,10)', (next) => `${sign(next)}${digits(next, 28)}.${digits(next, 10)}`),
  plain('y', 'YEAR', 'integer', (next) => String(1901 + next(254))),
  plain('da', 'DATE', 'date', (next) => `'${day(next)}'`),
  clock('t0', 'TIME', (next) => `'${sign(next)}${two(next(839))}:59:${two(next(60))}'`),
  clock('t6', 'TIME(6)', (next) => `'${sign(next)}${time(next)}.${digits(next, 6)}'`),
  moment('dt', 'DATETIME', (next) => `'${day(next)} ${time(next)}'`),
  moment('dt3', 'DATETIME(3)', (next) => `'${day(next)} ${time(next)}.${digits(next, 3)}'`),
  moment('dt6', 'DATETIME(6)', (next) => `'${day(next)} ${time(next)}.${digits(next, 6)}'`),
  moment('ts', 'TIMESTAMP NULL', (next) => `'${1971 + next(66)}-03-04 ${time(next)}'`),
  moment('ts6', 'TIMESTAMP(6) NULL', (next) => `'${1971 + next(66)}-03-04 ${time(next)}.${digits(next, 6)}'`),
  plain('c', 'CHAR(20)', 'text', text),
  plain('vc', 'VARCHAR(100)', 'text', text),
  plain('l1', 'VARCHAR(20) CHARACTER SET latin1', 'text', (next) => (next(2) ? `'é€'` : `'plain'`)),
  plain('tx', 'MEDIUMTEXT', 'text', (next) => (next(20) ? text(next) : `REPEAT('x', 70000)`)),
  plain('j', 'JSON', 'text', (next) => `'{"a": [${next(10)}, null, "ü"],  "b": 1.50}'`),
  plain('e', `ENUM('a','b c','ü''')`, 'text', (next) => String(1 + next(3))),
  plain('s', `SET('x','y','z')`, 'text', (next) => String(next(8))),
  { ...plain('b1', 'BIT(1)', 'boolean', (next) => String(next(2))), inDatabase: `ELT(b1 + 1, 'false', 'true')` },
  { ...plain('b12', 'BIT(12)', 'integer', (next) => String(next(4096))), inDatabase: 'CAST(b12 + 0 AS CHAR)' },
  bytes('bin', 'BINARY(4)', (next) => `x'${hex(next, next(5))}'`),
  bytes('vb', 'VARBINARY(20)', (next) => `x'${hex(next, next(21))}'`),
  bytes('bl', 'BLOB', (next) => `x'${hex(next, next(301))}'`),
  shape('g', 'GEOMETRY', (next) =>
    next(2)
      ? `ST_GeomFromText('LINESTRING(0 0,${next(100)} 1.5,-2 ${next(9)})')`
      : `ST_GeomFromText('POLYGON((0 0,9 0,9 ${next(9)},0 0))')`,
  ),
  shape('p', 'POINT', (next) => `ST_GeomFromText('POINT(${next(100)} -${next(100)}.25)')`),
]

export const PAIR = pairOf(text)

export const SMALL = smallOf(text)

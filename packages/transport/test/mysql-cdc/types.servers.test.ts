import { withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { readTypes, type TypedValue } from '../table-reading.ts'
import { newDatabase, readingOf } from './database.ts'

const it = withServices('mariadb')

const COLUMNS: readonly TypedValue[] = [
  ['TINYINT', '-128', -128],
  ['TINYINT UNSIGNED', '255', 255],
  ['SMALLINT', '-32768', -32_768],
  ['YEAR', '2026', 2026],
  ['MEDIUMINT', '-8388608', -8_388_608],
  ['MEDIUMINT UNSIGNED', '16777215', 16_777_215],
  ['INT UNSIGNED', '4294967295', 4_294_967_295],
  ['BIGINT', '-9007199254740993', -9_007_199_254_740_993n],
  ['BIGINT UNSIGNED', '18446744073709551615', 18_446_744_073_709_551_615n],
  ['FLOAT', '0.1', 0.1],
  ['FLOAT', '-3.4028235e38', -3.402_823_5e38],
  ['FLOAT', '1.17549435e-38', 1.175_494_4e-38],
  ['FLOAT', '16777217', 16_777_216],
  ['DOUBLE', '1.7976931348623157e308', 1.797_693_134_862_315_7e308],
  ['DOUBLE', '634860 / 7e0', 634_860 / 7],
  ['DOUBLE', '-98158.71428571429e-300', -98_158.714_285_714_29e-300],
  ['DOUBLE', '-0e0', 0],
  ['DECIMAL(30,10)', '-12345678901234567890.0123456789', '-12345678901234567890.0123456789'],
  ['DECIMAL(5,0)', '7', '7'],
  ['DECIMAL(9,9)', '-0.000000001', '-0.000000001'],
  ['DATE', "'1000-01-01'", '1000-01-01'],
  ['DATE', "'0000-00-00'", null],
  ['DATETIME', "'9999-12-31 23:59:59'", '9999-12-31 23:59:59'],
  ['DATETIME(3)', "'2026-01-31 12:00:00.5'", '2026-01-31 12:00:00.500'],
  ['DATETIME(6)', "'1969-12-31 23:59:59.000001'", '1969-12-31 23:59:59.000001'],
  ['TIMESTAMP(6) NULL', "'2026-01-31 12:00:00.000001'", '2026-01-31 12:00:00.000001'],
  ['TIMESTAMP NULL', "'2026-01-31 12:00:00'", '2026-01-31 12:00:00'],
  ['TIME', "'-838:59:59'", '-838:59:59'],
  ['TIME(1)', "'-00:00:00.1'", '-00:00:00.1'],
  ['TIME(6)', "'101:01:01.000001'", '101:01:01.000001'],
  ['TIME(6)', "'10:00:00.120'", '10:00:00.12'],
  ['TIME(3)', "'-10:00:00'", '-10:00:00'],
  ['BIT(1)', "b'1'", true],
  ['BIT(64)', "b'1000000000000000000000000000000000000000000000000000000000000001'", 9_223_372_036_854_775_809n],
  ["ENUM('a','ü''')", "'ü'''", "ü'"],
  ["SET('a','b','c')", "'a,c'", 'a,c'],
  ["SET('a','b','c')", "''", ''],
  ['CHAR(10)', "'ab '", 'ab'],
  ['CHAR(200)', "'ü😀'", 'ü😀'],
  ['VARCHAR(10)', "'\"\\\\'", '"\\'],
  ['VARCHAR(1000)', "'line\\nbreak'", 'line\nbreak'],
  ['VARCHAR(10) CHARACTER SET latin1', "'é€'", 'é€'],
  ['POINT', "ST_GeomFromText('POINT(1 2)')", { wkb: 'AQEAAAAAAAAAAADwPwAAAAAAAABA', srid: 0 }],
  ['TEXT CHARACTER SET ucs2', "'é'", 'é'],
  ['LONGTEXT', "repeat('x', 100000)", 'x'.repeat(100_000)],
  ['UUID', "'01234567-89ab-1def-8123-456789abcdef'", '01234567-89ab-1def-8123-456789abcdef'],
  ['UUID', "'f47ac10b-58cc-4372-a567-0e02b2c3d479'", 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
  ['UUID', "'01890a5d-ac96-774b-bcce-b302099a8057'", '01890a5d-ac96-774b-bcce-b302099a8057'],
  ['UUID', "'00000000-0000-0000-0000-000000000000'", '00000000-0000-0000-0000-000000000000'],
  ['INET4', "'192.168.0.1'", '192.168.0.1'],
  ['INET6', "'2001:db8::ff00:42:8329'", '2001:db8::ff00:42:8329'],
  ['INET6', "'2001:db8:0:1:1:1:1:1'", '2001:db8::1:1:1:1:1'],
  ['INET6', "'1:2:3:4:5:6:7:8'", '1:2:3:4:5:6:7:8'],
  ['INET6', "'::ffff:192.168.0.1'", '::ffff:192.168.0.1'],
  ['INET6', "'::1.2.3.4'", '::1.2.3.4'],
  ['INET6', "'::1'", '::1'],
  ['INET6', "'::'", '::'],
  ['INET6', "'fe80::'", 'fe80::'],
  ['JSON', '\'{"a": [1]}\'', '{"a": [1]}'],
  ['BINARY(4)', "x'0100'", 'AQAAAA=='],
  ['VARBINARY(4)', "x'00ff'", 'AP8='],
  ['BLOB', "x'0a0d'", 'Cg0='],
  ['POINT', "ST_GeomFromText('POINT(1 2)')", { wkb: 'AQEAAAAAAAAAAADwPwAAAAAAAABA', srid: 0 }],
]

it('a value is the same from the table’s rows and from the log, whatever its type is', async ({ mariadb }) => {
  const database = await newDatabase(mariadb)
  const open = () => readingOf(database, 'wide')
  const { logged, read, rows } = await readTypes(COLUMNS, open, (text) => database.connection.query(text))
  expect(logged.map(({ op, after }) => [op, after])).toEqual(rows.map((row) => ['c', row]))
  expect(read.map(({ op, after }) => [op, after])).toEqual(rows.map((row) => ['r', row]))
  expect(read.map(({ key }) => key)).toEqual([{ id: 1 }, { id: 2 }])
})

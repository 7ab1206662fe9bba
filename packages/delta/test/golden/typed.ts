import type { GoldenTable } from './golden.ts'

const TYPES = 'SELECT i::INTEGER AS as_int, i::BIGINT AS as_long, i::TINYINT AS as_byte, i::SMALLINT AS as_short'
const NULLABLE_I = 'FROM (SELECT unnest([NULL, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) AS i)'

/** One table for each way of writing types: timestamps, decimals, nesting, widening. */
export const TYPED: Readonly<Record<string, GoldenTable>> = {
  'basic-decimal-table': { rows: decimals() },
  'basic-decimal-table-legacy': { rows: decimals() },
  'data-reader-array-complex-objects': {
    rows: `SELECT i::INTEGER AS i, [[[i, i, i], [i, i, i]], [[i, i, i], [i, i, i]]]::INTEGER[][][] AS "3d_int_list",
      [[[[i, i, i], [i, i, i]], [[i, i, i], [i, i, i]]], [[[i, i, i], [i, i, i]], [[i, i, i], [i, i, i]]]]::INTEGER[][][][] AS "4d_int_list",
      [MAP {i::VARCHAR: i}, MAP {i::VARCHAR: i}] AS list_of_maps,
      [{val: i::INTEGER}, {val: i::INTEGER}, {val: i::INTEGER}] AS list_of_records FROM range(10) t(i)`,
  },
  'data-reader-array-primitives': {
    rows: `SELECT [i::INTEGER] AS as_array_int, [i] AS as_array_long, [i::TINYINT] AS as_array_byte,
      [i::SMALLINT] AS as_array_short, [i % 2 = 0] AS as_array_boolean, [i::FLOAT] AS as_array_float,
      [i::DOUBLE] AS as_array_double, [i::VARCHAR] AS as_array_string, [encode(repeat(chr(i::INTEGER), 2))] AS as_array_binary,
      [i::DECIMAL(1, 0)] AS as_array_big_decimal FROM range(10) t(i)`,
  },
  'data-reader-date-types-America/Los_Angeles': { rows: moment('2020-01-01 16:09:10') },
  'data-reader-date-types-Asia/Beirut': { rows: moment('2020-01-01 06:09:10') },
  'data-reader-date-types-Etc/GMT+9': { rows: moment('2020-01-01 17:09:10') },
  'data-reader-date-types-Iceland': { rows: moment('2020-01-01 08:09:10') },
  'data-reader-date-types-JST': { rows: moment('2019-12-31 23:09:10') },
  'data-reader-date-types-PST': { rows: moment('2020-01-01 16:09:10') },
  'data-reader-date-types-UTC': { rows: moment('2020-01-01 08:09:10') },
  'data-reader-map': {
    rows: `SELECT i::INTEGER AS i, MAP {i::INTEGER: i::INTEGER} AS a, MAP {i: i::TINYINT} AS b, MAP {i::SMALLINT: i % 2 = 0} AS c,
      MAP {i::FLOAT: i::DOUBLE} AS d, MAP {i::VARCHAR: i::DECIMAL(1, 0)} AS e,
      MAP {i::INTEGER: [{val: i::INTEGER}, {val: i::INTEGER}, {val: i::INTEGER}]} AS f FROM range(10) t(i)`,
  },
  'data-reader-nested-struct': {
    rows: `SELECT {aa: i::VARCHAR, ab: i::VARCHAR, ac: {aca: i::INTEGER, acb: i}} AS a, i::INTEGER AS b FROM range(10) t(i)`,
  },
  'data-reader-partition-values': {
    rows: `${TYPES}, (i % 2 = 0) AS as_boolean, i::FLOAT AS as_float, i::DOUBLE AS as_double, i::VARCHAR AS as_string,
      CASE WHEN i IS NOT NULL THEN 'null' END AS as_string_lit_null,
      CASE WHEN i IS NOT NULL THEN DATE '2021-09-08' END AS as_date,
      CASE WHEN i IS NOT NULL THEN TIMESTAMPTZ '2021-09-08 11:11:11+00' END AS as_timestamp, i::DECIMAL(1, 0) AS as_big_decimal,
      [{val: v}, {val: v}, {val: v}] AS as_list_of_records,
      {aa: v::VARCHAR, ab: v::VARCHAR, ac: {aca: v, acb: v::BIGINT}} AS as_nested_struct, v::VARCHAR AS value
      FROM (VALUES (0, 0), (1, 1), (NULL, 2)) t(i, v)`,
  },
  'data-reader-primitives': {
    rows: `${TYPES}, (i % 2 = 0) AS as_boolean, i::FLOAT AS as_float, i::DOUBLE AS as_double, i::VARCHAR AS as_string,
      encode(repeat(chr(i::INTEGER), 2)) AS as_binary, i::DECIMAL(1, 0) AS as_big_decimal ${NULLABLE_I}`,
  },
  'data-reader-timestamp_ntz': { rows: timestampsNtz() },
  'data-reader-timestamp_ntz-id-mode': { rows: timestampsNtz() },
  'data-reader-timestamp_ntz-name-mode': { rows: timestampsNtz() },
  'data-skipping-basic-stats-all-types': { rows: zeros() },
  'data-skipping-basic-stats-all-types-checkpoint': { rows: zeros() },
  'data-skipping-basic-stats-all-types-columnmapping-id': { rows: zeros() },
  'data-skipping-basic-stats-all-types-columnmapping-name': { rows: zeros() },
  'decimal-various-scale-precision': { rows: `SELECT ${decimalShapes()}` },
  'hive/deltatbl-map-types-correctly': {
    rows: `SELECT 97::TINYINT AS c1, 'bc'::BLOB AS c2, true AS c3, 4::INTEGER AS c4, 5::BIGINT AS c5, 'foo' AS c6, 6::FLOAT AS c7,
      7::DOUBLE AS c8, 8::SMALLINT AS c9, DATE '1970-01-01' AS c10, TIMESTAMPTZ '1970-01-01 16:40:00+00' AS c11,
      '12345.678900000000794535'::DECIMAL(38, 18) AS c12, ['foo', 'bar'] AS c13, MAP {'foo': 123::BIGINT} AS c14,
      {f1: 'foo', f2: 456::BIGINT} AS c15`,
  },
  'kernel-timestamp-INT96': { rows: timestamps(0) },
  'kernel-timestamp-TIMESTAMP_MICROS': { rows: timestamps(0) },
  'kernel-timestamp-TIMESTAMP_MILLIS': { rows: timestamps(0) },
  'kernel-timestamp-PST': { rows: timestamps(8) },
  'kernel-timestamp-partition-col-ISO8601': {
    rows: `SELECT * FROM (VALUES ('2024-01-01 10:00:00', TIMESTAMPTZ '2024-01-01 10:00:00+00'),
      ('2024-01-02 12:30:00', TIMESTAMPTZ '2024-01-02 12:30:00+00')) t(str, ts)`,
  },
  'parquet-all-types': { rows: allTypes() },
  'parquet-all-types-legacy-format': { rows: allTypes() },
  'parquet-decimal-type': {
    rows: `WITH n AS (SELECT i, (CASE WHEN i % 85 <> 0 AND i % 33 = 0 THEN -i ELSE i END)::HUGEINT AS n FROM range(99998) t(i)),
      e AS (SELECT i, n, n * 100001 AS n2, n * 100001 * 100001 * 100001 AS n4 FROM n)
      SELECT i::INTEGER AS id, (n::DECIMAL(20, 0) / 10)::DECIMAL(5, 1) AS col1,
      CASE WHEN i % 85 = 0 THEN n::DECIMAL(10, 5) ELSE unscaled(n2, 10) END AS col2,
      CASE WHEN i % 85 = 0 THEN n::DECIMAL(20, 5) ELSE unscaled(n4, 20) END AS col3 FROM e`,
  },
  'table-with-columnmapping-mode-id': { rows: nestedTypes() },
  'table-with-columnmapping-mode-name': { rows: nestedTypes() },
  'table-with-icebegCompatV2Enabled': { rows: nestedTypes() },
  'type-widening': {
    rows: `SELECT * FROM (VALUES
      (1::BIGINT, 2::BIGINT, 3.4::FLOAT::DOUBLE, 5::DOUBLE, 6::DOUBLE, 7::DOUBLE, 123.45::DECIMAL(16, 2), 67.89::DECIMAL(16, 5),
       1::DECIMAL(11, 1), 2::DECIMAL(11, 1), 3::DECIMAL(11, 1), 4::DECIMAL(20, 1), TIMESTAMP '2024-09-09 00:00:00'),
      (9223372036854775807, 9223372036854775807, 1.234567890123, 1.234567890123, 1.234567890123, 1.234567890123,
       12345678901234.56, 12345678901.23456, 123.4, 12345.6, 1234567890.1, '123456789012345678.9', TIMESTAMP '2024-09-09 12:34:56.123456'))
      t(byte_long, int_long, float_double, byte_double, short_double, int_double, decimal_decimal_same_scale,
        decimal_decimal_greater_scale, byte_decimal, short_decimal, int_decimal, long_decimal, date_timestamp_ntz)`,
  },
  'type-widening-nested': {
    rows: `SELECT {a: 1::BIGINT} AS "struct", MAP {2::BIGINT: 3::BIGINT} AS "map", [4, 5]::BIGINT[] AS "array" UNION ALL
      SELECT {a: 9223372036854775807}, MAP {9223372036854775807: 9223372036854775807}, [9223372036854775807, -9223372036854775808]`,
  },
}

function decimals(): string {
  return `SELECT part::DECIMAL(12, 5) AS part, a::DECIMAL(5, 2) AS col1, b::DECIMAL(10, 5) AS col2, c::DECIMAL(20, 10) AS col3
    FROM (VALUES ('234', '1', '2', '3'), ('2342222.23454', '111.11', '22222.22222', '3333333333.3333333333'),
    ('0.00004', '0.00', '0', '0'), ('-2342342.23423', '-999.99', '-99999.99999', '-9999999999.9999999999')) t(part, a, b, c)`
}

function moment(utc: string): string {
  return `SELECT TIMESTAMPTZ '${utc}+00' AS timestamp, DATE '2020-01-01' AS date`
}

function timestampsNtz(): string {
  const [late, early] = [`TIMESTAMP '2021-11-18 02:30:00.123456'`, `TIMESTAMP '2013-07-05 17:01:00.123456'`]
  return `SELECT (3 * p + t)::INTEGER AS id, [${late}, ${early}, NULL][t + 1] AS tsNtz, [${late}, ${early}, NULL][p + 1] AS tsNtzPartition
    FROM range(3) a(p), range(3) b(t)`
}

function zeros(): string {
  return `${TYPES}, i::FLOAT AS as_float, i::DOUBLE AS as_double, i::VARCHAR AS as_string, DATE '2000-01-01' AS as_date,
    TIMESTAMPTZ '2000-01-01 08:00:00+00' AS as_timestamp, i::DECIMAL(1, 0) AS as_big_decimal FROM range(1) t(i)`
}

function timestamps(hours: number): string {
  return `SELECT id, part, time + INTERVAL ${hours} HOURS AS time FROM (VALUES
    (0, TIMESTAMPTZ '2020-01-01 08:09:10.001+00', TIMESTAMPTZ '2020-02-01 08:09:10+00'),
    (1, '2021-10-01 08:09:20+00', '1999-01-01 09:00:00+00'), (2, '2021-10-01 08:09:20+00', '2000-01-01 09:00:00+00'),
    (3, '1969-01-01 00:00:00+00', '1969-01-01 00:00:00+00'), (4, NULL, NULL)) t(id, part, time)`
}

/** Read with delta-rs 1.6: the code that wrote this table is not published. */
function decimalShapes(): string {
  const shapes =
    '4,0 7,0 7,6 12,0 12,6 15,0 15,6 15,12 18,0 18,6 18,12 25,0 25,6 25,12 25,18 25,24 35,0 35,6 35,12 35,18 35,24 35,30 38,0 38,6 38,12 38,18 38,24 38,30 38,36'
  const rows = [
    '4 0 . 0 0.000062 481 3.302 0.001469 0 7998 10.994 0 0.000021 0.000000005925 234942 . 0 0.000161 0.000000165519 0.000000000152896 14797356 8083.687 26 0.021882 0.000032950993 0.000000012783803 0.000000000002395564 0.0000000000000294142030 0.000000000000000003241836',
    '-13 0 . 0 -0.000098 -157 -3.346 -0.002162 0 -22641 -5.19 0 -0.000013 -0.000000031661 -24199 . 0 -0.000161 -0.000000259176 -0.000000000136744 -22827907 -32805.309 -17 -0.027994 -0.000024695819 -0.000000004614771 -0.000000000009718032 -0.000000000000026626087 -0.000000000000000029546424',
    Array(29).fill('.').join(' '),
  ]
  const types = shapes.split(' ').map((shape) => `DECIMAL(${shape})`)
  const values = rows.map((row) => row.split(' ').map((text) => (text === '.' ? null : text)))
  const columns = types.map(
    (type, i) => `unnest([${values.map((row) => (row[i] === null ? 'NULL' : `'${row[i]}'`)).join(', ')}]::${type}[])`,
  )
  return columns.map((column, i) => `${column} AS decimal_${shapes.split(' ')[i]?.replace(',', '_')}`).join(', ')
}

function nestedTypes(): string {
  return `SELECT i::TINYINT AS ByteType, i::SMALLINT AS ShortType, i AS IntegerType, i::BIGINT AS LongType, i::FLOAT AS FloatType,
    i::DOUBLE AS DoubleType, i::DECIMAL(10, 2) AS decimal, i % 2 = 0 AS BooleanType, i::VARCHAR AS StringType,
    encode(i::VARCHAR) AS BinaryType, DATE '2021-11-18' AS DateType,
    TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_milliseconds(i) AS TimestampType, {aa: i::VARCHAR, ac: {aca: i}} AS nested_struct,
    [i, i + 1] AS array_of_prims, [[i, i + 1], [i + 2, i + 3]] AS array_of_arrays,
    [MAP {i: [2, 3], i + 1: [4, 5]}] AS array_of_map_of_arrays, [{ab: i}, {ab: i}] AS array_of_structs,
    {aa: [i, i + 1], ab: MAP {[i, i + 1]: {aca: i + 2}}} AS struct_of_arrays_maps_of_structs,
    MAP {i: i::BIGINT + 1, i + 2: i::BIGINT + 3} AS map_of_prims, MAP {i + 1: {ab: i::BIGINT * 20}} AS map_of_rows,
    MAP {i::BIGINT: [i, NULL, i + 1], i::BIGINT + 1: []::INTEGER[]} AS map_of_arrays,
    MAP {i::BIGINT: MAP {i: i}, i::BIGINT + 1: MAP {i + 2: i}} AS map_of_maps
    FROM (SELECT i::INTEGER AS i FROM range(5) t(i))
    UNION ALL SELECT ${Array(22).fill('NULL').join(', ')}`
}

/** Its lists and maps are all NULL, as its statistics say too. */
function allTypes(): string {
  const unless = (divisor: number, sql: string) => `CASE WHEN i % ${divisor} <> 0 THEN ${sql} END`
  return `SELECT ${unless(72, '((i + 128) % 256 - 128)::TINYINT')} AS ByteType, ${unless(56, 'i::SMALLINT')} AS ShortType,
    ${unless(23, 'i')} AS IntegerType, ${unless(25, 'i::BIGINT + 1')} AS LongType, ${unless(28, '(i * 0.234::DOUBLE)::FLOAT')} AS FloatType,
    ${unless(54, 'i * 234234.23::DOUBLE')} AS DoubleType, ${unless(67, '(i * 123.52)::DECIMAL(10, 2)')} AS decimal,
    ${unless(87, 'i % 2 = 0')} AS BooleanType, ${unless(57, 'i::VARCHAR')} AS StringType, ${unless(59, 'encode(i::VARCHAR)')} AS BinaryType,
    ${unless(61, "DATE '1970-01-01' + (i::BIGINT * 20000000 // 86400000)::INTEGER")} AS DateType,
    ${unless(62, "TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_milliseconds(i::BIGINT * 23423523)")} AS TimestampType,
    ${unless(69, "TIMESTAMP '1970-01-01 00:00:00' + to_seconds(i::BIGINT * 234234) + to_microseconds(200)")} AS TimestampNTZType,
    ${unless(63, 'CASE WHEN i % 19 = 0 THEN {aa: NULL::VARCHAR, ac: NULL::STRUCT(aca INTEGER)} ELSE {aa: i::VARCHAR, ac: CASE WHEN i % 23 <> 0 THEN {aca: i} END} END')} AS nested_struct,
    NULL AS array_of_prims, NULL AS array_of_arrays, NULL AS array_of_structs, NULL AS map_of_prims, NULL AS map_of_rows,
    NULL AS map_of_arrays
    FROM (SELECT i::INTEGER AS i FROM range(200) t(i))`
}

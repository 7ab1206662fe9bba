import { column, struct } from './test-tables.ts'

/** A column of every type that all engines know. */
export const everything = struct(
  column('id', 'long', false),
  column('tiny', 'byte'),
  column('small', 'short'),
  column('medium', 'integer'),
  column('single', 'float'),
  column('double', 'double'),
  column('price', 'decimal(9,2)'),
  column('exact', 'decimal(38,10)'),
  column('yes', 'boolean'),
  column('text', 'string'),
  column('bytes', 'binary'),
  column('day', 'date'),
  column('at', 'timestamp'),
  column('list', { type: 'array', elementType: 'string', containsNull: true }),
  column('map', { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true }),
  column('nested', struct(column('x', 'long'), column('deep', struct(column('y', 'string'))))),
  column('kind', 'string'),
)

/** The finest moment that an engine keeps. */
const MOMENTS = { microseconds: '1969-12-31 23:00:00.000001+00', milliseconds: '1969-12-31 23:00:00.001+00' } as const

export const rowsOfEverything = (from: number, to: number, precision: keyof typeof MOMENTS) => `
  SELECT i + 9007199254740993 AS id, (i % 100)::TINYINT AS tiny, i::SMALLINT AS small, i::INTEGER AS medium,
    (i * 0.5)::FLOAT AS single, CASE WHEN i % 7 = 0 THEN NULL ELSE i * 0.25 END AS double,
    (i * 1.01)::DECIMAL(9,2) AS price, (i * 1.0000000001)::DECIMAL(38,10) AS exact, i % 2 = 0 AS yes,
    CASE WHEN i % 5 = 0 THEN NULL ELSE repeat('ü', 30) || '𝄞' || i END AS text, ('b' || i)::BLOB AS bytes,
    DATE '1969-12-01' + i::INTEGER AS day, TIMESTAMPTZ '${MOMENTS[precision]}' + INTERVAL (i) MINUTE AS at,
    CASE WHEN i % 3 = 0 THEN NULL ELSE ['a', NULL, 'c' || i] END AS list, MAP {'k': i, 'n': NULL} AS map,
    CASE WHEN i % 4 = 0 THEN NULL ELSE {'x': i, 'deep': {'y': 'y' || i}} END AS nested,
    CASE WHEN i % 3 = 0 THEN NULL ELSE 'ü/= %' || (i % 3) END AS kind
  FROM range(${from}, ${to}) t(i)`

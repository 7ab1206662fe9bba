import type { GoldenTable } from './golden.ts'

const SNAPSHOT = (writes: readonly [number, number][]) =>
  writes
    .map(([write, rows]) => `SELECT i::INTEGER AS col1, 'data-${write}-' || i AS col2 FROM range(${rows}) t(i)`)
    .join(' UNION ALL ')

const IDS = (...ranges: readonly [number, number][]) =>
  ranges.map(([from, to]) => `SELECT i AS id FROM range(${from}, ${to}) t(i)`).join(' UNION ALL ')

/** Rows of one or two simple columns, as the Scala code that wrote each table says. */
export const PLAIN: Readonly<Record<string, GoldenTable>> = {
  '124-decimal-decode-bug': { rows: 'SELECT 1000000::DECIMAL(10, 0) AS large_decimal' },
  '125-iterator-bug': { rows: 'SELECT i::INTEGER AS col1 FROM range(1, 6) t(i)' },
  'basic-with-inserts-deletes-checkpoint': {
    rows: IDS([0, 5], [10, 15], [20, 25], [30, 35], [40, 45], [50, 66]),
  },
  'basic-with-inserts-merge': {
    rows: `SELECT i::INTEGER AS id, CASE WHEN i < 50 THEN 'val=' || i WHEN i < 100 THEN 'N/A' ELSE 'EXT' END AS str
      FROM range(10, 150) t(i)`,
  },
  'basic-with-inserts-overwrite-restore': { rows: IDS([0, 200]) },
  'basic-with-inserts-updates': {
    rows: `SELECT i::INTEGER AS id, CASE WHEN i < 50 THEN 'N/A' ELSE 'val=' || i END AS str FROM range(100) t(i)`,
  },
  'basic-with-vacuum-protocol-check-feature': {
    rows: `SELECT i::INTEGER AS id, 'val=' || i AS str FROM range(100) t(i)`,
  },
  'collations-preview-table': {
    rows: 'SELECT 1 AS id, 2 AS utf8_binary_col, 3 AS utf8_lcase_col, 4 AS unicode_col WHERE false',
  },
  'collations-table': {
    rows: 'SELECT 1 AS id, 2 AS utf8_binary_col, 3 AS utf8_lcase_col, 4 AS unicode_col WHERE false',
  },
  'commit-info-containing-arbitrary-operationParams-types': {
    rows: 'SELECT * FROM (VALUES (1, 1), (2, 2)) t(id, month)',
  },
  'corrupted-last-checkpoint-kernel': { rows: IDS([0, 100]) },
  'data-reader-escaped-chars': {
    rows: `SELECT * FROM (VALUES ('foo1', 'bar+%21'), ('foo2', 'bar+%22'), ('foo3', 'bar+%23')) t(_1, _2)`,
  },
  'data-reader-nullable-field-invalid-schema-key': {
    rows: 'SELECT [NULL, NULL, NULL]::VARCHAR[] AS array_can_contain_null',
  },
  'data-skipping-change-stats-collected-across-versions': {
    rows: 'SELECT 0::INTEGER AS col1, 0::INTEGER AS col2 FROM range(3)',
  },
  'data-skipping-partition-and-data-column': {
    rows: 'SELECT p::INTEGER AS part, i::INTEGER AS id FROM range(2) a(p), range(2) b(i)',
  },
  'deltalog-getChanges': { rows: 'SELECT 1 AS part, 2 AS id WHERE false' },
  'dv-partitioned-with-checkpoint': { rows: undeleted() },
  'dv-with-columnmapping': { rows: undeleted() },
  'hive/deltatbl-column-names-case-insensitive': {
    rows: `SELECT i::INTEGER AS FooBar, 'foo' || i % 2 AS BarFoo FROM range(10) t(i)`,
  },
  'hive/deltatbl-deleted-path': { rows: foos('c1', 'c2') },
  'hive/deltatbl-incorrect-format-config': { rows: foos('a', 'b') },
  'hive/deltatbl-non-partitioned': { rows: foos('c1', 'c2') },
  'hive/deltatbl-not-allow-write': { rows: foos('a', 'b') },
  'hive/deltatbl-partitioned': { rows: foos('c1', 'c2') },
  'hive/deltatbl-touch-files-needed-for-partitioned': { rows: foos('c1', 'c2') },
  'hive/deltatbl-schema-match': {
    rows: `SELECT i::INTEGER AS a, 'foo' || i % 2 AS b, 'test' || i % 3 AS c FROM range(10) t(i)`,
  },
  'hive/deltatbl-special-chars-in-partition-column': {
    rows: `SELECT i::INTEGER AS c1, '+ =%' || i % 2 AS c2 FROM range(10) t(i)`,
  },
  'hive/deltatbl-partition-prune': {
    rows: `SELECT * FROM (VALUES ('hz', '20180520', 'Jim', 3), ('hz', '20180718', 'Jone', 7), ('bj', '20180520', 'Trump', 1),
      ('sh', '20180512', 'Jay', 4), ('sz', '20181212', 'Linda', 8)) t(city, date, name, cnt)`,
  },
  'log-replay-dv-key-cases': { rows: `${IDS([0, 50])} WHERE i NOT IN (0, 7, 14)` },
  'log-replay-latest-metadata-protocol': {
    rows: 'SELECT i AS col1, c AS col2 FROM (SELECT i, unnest([i % 2, NULL]) AS c FROM range(20) t(i))',
  },
  'multi-part-checkpoint': { rows: IDS([0, 1], [0, 30]) },
  'only-checkpoint-files': { rows: IDS([0, 10], [5, 20]) },
  'parquet-decimal-dictionaries': { rows: decimalDictionaries() },
  'parquet-decimal-dictionaries-v2': { rows: decimalDictionaries() },
  'snapshot-data0': { rows: SNAPSHOT([[0, 10]]) },
  'snapshot-data1': {
    rows: SNAPSHOT([
      [0, 10],
      [1, 10],
    ]),
  },
  'snapshot-data2': { rows: SNAPSHOT([[2, 10]]) },
  'snapshot-data3': {
    rows: SNAPSHOT([
      [2, 10],
      [3, 20],
    ]),
  },
  'snapshot-data2-deleted': { rows: SNAPSHOT([[3, 20]]) },
  'snapshot-repartitioned': { rows: SNAPSHOT([[3, 20]]) },
  'snapshot-vacuumed': { rows: SNAPSHOT([[3, 20]]) },
  'time-travel-partition-changes-a': { rows: 'SELECT i AS id, i % 5 AS part5 FROM range(10) t(i)' },
  'time-travel-partition-changes-b': { rows: 'SELECT i AS id, i % 2 AS part2 FROM range(10, 20) t(i)' },
  'time-travel-schema-changes-a': { rows: IDS([0, 10]) },
  'time-travel-schema-changes-b': {
    rows: 'SELECT i AS id, CASE WHEN i >= 10 THEN i END AS part FROM range(20) t(i)',
  },
  'time-travel-start': { rows: IDS([0, 10]) },
  'time-travel-start-start20': { rows: IDS([0, 20]) },
  'time-travel-start-start20-start40': { rows: IDS([0, 30]) },
  'v2-checkpoint-json': { rows: IDS([0, 10]) },
  'v2-checkpoint-parquet': { rows: IDS([0, 10]) },
}

function foos(number: string, text: string): string {
  return `SELECT i::INTEGER AS ${number}, 'foo' || i % 2 AS ${text} FROM range(10) t(i)`
}

/** Fifteen DELETEs took the even ones below thirty. */
function undeleted(): string {
  return `SELECT (i % 10)::INTEGER AS part, i::INTEGER AS col1, 'foo' || i % 5 AS col2 FROM range(50) t(i)
    WHERE i >= 30 OR i % 2 = 1`
}

function decimalDictionaries(): string {
  return `SELECT i::INTEGER AS id, (i % 5)::DECIMAL(9, 0) AS col1, (i % 6)::DECIMAL(12, 0) AS col2,
    (i % 2)::DECIMAL(25, 0) AS col3 FROM range(1000000) t(i)`
}

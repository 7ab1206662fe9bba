import { DuckDBInstance } from '@duckdb/node-api'
import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSql } from '../../src/index.ts'
import { makeTable, THINGS, thingsRows } from './lake.ts'

let lake: string
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
})

const DONE = ['deleted', 'updated', 'inserted', 'files_read', 'files_changed', 'version']
let tables = 0
const freshTable = async () => {
  const name = `things${tables++}`
  await makeTable(lake, name, THINGS, [thingsRows(0), thingsRows(1), thingsRows(2)])
  return name
}
const ask = async (sql: string) => (await runSql(lake, sql)).rows
const change = async (sql: string) => {
  const { columns, rows } = await runSql(lake, sql, { writes: true })
  expect(columns).toEqual(DONE)
  return Object.fromEntries(DONE.map((name, i) => [name, rows[0]?.[i]]))
}

test.each([
  ['DELETE FROM t WHERE id < 3', { deleted: 3, files_read: 1, files_changed: 1, version: 4 }],
  ['DELETE FROM t', { deleted: 30, files_read: 3, files_changed: 3 }],
  ['TRUNCATE t', { deleted: 30 }],
  ['DELETE FROM t WHERE id > 100', { deleted: 0, files_read: 0, version: 3 }],
  [
    'DELETE FROM t AS x USING (VALUES (5), (5), (25)) v(k) WHERE x.id = v.k',
    { deleted: 2, files_read: 3, files_changed: 2 },
  ],
  ['DELETE FROM t WHERE id IN (SELECT max(id) FROM t) -- the last', { deleted: 1 }],
  ['WITH few AS (SELECT 7 AS k) DELETE FROM t WHERE id IN (FROM few)', { deleted: 1 }],
  [
    "UPDATE t SET word = 'it''s; -- so', share = share + 1 WHERE id BETWEEN 8 AND 12",
    { updated: 5, files_read: 2, files_changed: 2 },
  ],
  ['UPDATE t SET (word, big) = (NULL, id * 2)', { updated: 30, files_changed: 3 }],
  [
    "UPDATE t x SET flag = x.word IS DISTINCT FROM v.w FROM (VALUES (1, NULL), (2, 'w0002')) v(k, w) WHERE k = id",
    { updated: 2 },
  ],
  ['UPDATE t SET id = DEFAULT, day = CASE WHEN id > 5 THEN day END WHERE id < 9', { updated: 9, files_read: 1 }],
  [
    "INSERT INTO t VALUES (40, 1, 'x', 0.5, NULL, DATE '2020-01-01', true), (41, 1, NULL, NULL, NULL, NULL, NULL)",
    { inserted: 2, files_read: 0 },
  ],
  ['INSERT INTO t (word, id) SELECT word, id + 100 FROM t WHERE flag', { inserted: 10, version: 4 }],
  ['INSERT INTO t BY NAME SELECT 99 AS id, true AS flag', { inserted: 1 }],
  [
    `MERGE INTO t USING (VALUES (3, 'three'), (15, 'fifteen'), (50, 'fifty')) AS s(id, word) ON t.id = s.id
     WHEN MATCHED AND s.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET word = s.word, share = 0
     WHEN NOT MATCHED THEN INSERT (id, word) VALUES (s.id, s.word)`,
    { deleted: 1, updated: 1, inserted: 1, files_read: 2, files_changed: 2, version: 4 },
  ],
  [
    `MERGE INTO t AS a USING (SELECT * FROM t WHERE id % 2 = 0) AS b USING (id)
     WHEN NOT MATCHED BY SOURCE AND a.id > 20 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN UPDATE SET word = 'odd'
     WHEN MATCHED AND a.id < 4 THEN DO NOTHING WHEN MATCHED THEN UPDATE SET big = a.big + b.big`,
    { deleted: 5, updated: 23, inserted: 0 },
  ],
  [
    `MERGE INTO t USING (SELECT id + 25 AS id, word FROM t WHERE id < 10) AS s ON s.id = t.id
     WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED BY TARGET THEN INSERT BY NAME`,
    { deleted: 0, updated: 5, inserted: 5 },
  ],
])('%s does what DuckDB does to a table of its own', async (sql, done) => {
  const name = await freshTable()
  const own = await (await DuckDBInstance.create()).connect()
  await own.run(`SET TimeZone = 'UTC'; CREATE TABLE ${name} AS ${[0, 1, 2].map(thingsRows).join(' UNION ALL ')}`)
  const statement = sql.replaceAll(/\bt\b/g, name)
  await own.run(statement)
  const explained = await change(`EXPLAIN ${statement}`)
  expect((await ask(`SELECT count(*) FROM ${name}`))[0]).toEqual([30])
  const result = await change(statement)
  expect(result).toMatchObject(done)
  expect(explained).toEqual({ ...result, version: null })
  const text = `SELECT {*: COLUMNS(*)}::VARCHAR AS r FROM ${name} ORDER BY r`.replace('{*: COLUMNS(*)}', name)
  expect(await ask(text)).toEqual((await own.runAndReadAll(text)).getRows())
})

test.each([
  [
    'MERGE INTO t USING (VALUES (1, 2), (1, 3)) s(id, b) ON t.id = s.id WHEN MATCHED THEN UPDATE SET big = b',
    '1 rows would be changed by more than one row',
  ],
  ["UPDATE t SET word = v.w FROM (VALUES (1, 'a'), (1, 'b')) v(k, w) WHERE k = id", 'more than one row'],
  ['DELETE FROM t WHERE id = 3 RETURNING id', 'RETURNING id'],
  ['INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING', 'ON CONFLICT DO NOTHING'],
  ['INSERT OR REPLACE INTO t SELECT * FROM t', 'INSERT OR'],
  ['MERGE INTO t USING t AS s USING (id) WHEN MATCHED THEN UPDATE', 'UPDATE by position'],
  ['MERGE INTO t USING t AS s USING (id) WHEN NOT MATCHED THEN INSERT (id) VALUES (t.id)', 't.id'],
  ['MERGE INTO t USING t AS s USING (id) WHEN MATCHED THEN ERROR', 'ERROR'],
  ['UPDATE t SET wrod = 1', 'wrod'],
  ['UPDATE t SET word = 1, word = 2', 'word'],
  ['INSERT INTO t VALUES (1, 2)', 'but 2 values were supplied'],
  ['DELETE FROM t WHERE big = nobody.big', 'nobody'],
  ['UPDATE t SET id = word::INTEGER', 'Could not convert string'],
  ['DROP TABLE t', 'changes nothing of the tables of the lake but their rows'],
])('%s is refused, and changes nothing', async (sql, message) => {
  const name = await freshTable()
  const statement = sql.replaceAll(/\bt\b/g, name)
  await expect(runSql(lake, statement, { writes: true })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringContaining(message.replace('t.id', `${name}.id`).replace(/\bt\b/, name)),
  })
  expect(await ask(`SELECT count(*), sum(id) FROM ${name}`)).toEqual([[30, 435]])
})

test('a session that is not to write refuses', async () => {
  const name = await freshTable()
  await expect(ask(`DELETE FROM ${name}`)).rejects.toMatchObject({ message: expect.stringContaining('only reads') })
})

test('an older version is not changed', async () => {
  const name = await freshTable()
  const old = runSql(lake, `DELETE FROM ${name}`, { writes: true, asOf: { version: 2 } })
  await expect(old).rejects.toMatchObject({ code: 'USAGE' })
})

test('statements of one text follow each other, and a table of the session is DuckDB’s own', async () => {
  const name = await freshTable()
  const sql = `CREATE TEMP TABLE mine AS SELECT id FROM ${name} WHERE id < 5; DELETE FROM mine WHERE id = 0 RETURNING id;
    DELETE FROM ${name} USING mine WHERE mine.id = ${name}.id; SELECT min(id), (SELECT count(*) FROM ${name} WHERE id = 4) FROM ${name} WHERE id > 0`
  expect((await runSql(lake, sql, { writes: true })).rows).toEqual([[5, 0]])
})

test('sums over what is not a statement of the lake stay what they are', async () => {
  const name = await freshTable()
  const explained = await runSql(lake, `SELECT count(*) FROM ${name}`, { writes: true, explains: true })
  expect(explained.columns).toEqual(['explain_key', 'explain_value'])
})

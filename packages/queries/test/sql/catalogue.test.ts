import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSql, rowsOf, runSql } from '../../src/index.ts'
import { makeTable, THINGS, thingsRows } from './lake.ts'

let lake: string
beforeAll(async () => {
  lake = await temporaryFolder(afterAll)
  await makeTable(lake, 'things', THINGS, [thingsRows(0), thingsRows(1)])
  await makeTable(lake, 'geo', THINGS, [thingsRows(2)])
  await makeTable(lake, 'batch/q1', THINGS, [thingsRows(0)])
  await mkdir(join(lake, 'broken', '_delta_log'), { recursive: true })
  await writeFile(join(lake, 'broken', '_delta_log', '00000000000000000000.json'), 'not a log')
})

const ask = async (sql: string) => (await runSql(lake, sql)).rows

/** Runs the statements in one session. Returns the rows of each. */
async function askAll(...statements: readonly string[]): Promise<unknown[]> {
  await using session = await openSql(lake)
  const answers: unknown[] = []
  for (const sql of statements) {
    answers.push(...(await session.run(sql, async (result) => (await Array.fromAsync(rowsOf(result))).flat())))
  }
  return answers
}

describe('the catalogue has the tables of the lake', () => {
  it.each([
    ['SHOW TABLES', [['broken'], ['geo'], ['things']]],
    ['SHOW TABLES FROM batch', [['q1']]],
    [
      `SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL`,
      [
        ['batch', 'q1'],
        ['main', 'broken'],
        ['main', 'geo'],
        ['main', 'things'],
      ],
    ],
    [
      `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'geo' ORDER BY ordinal_position LIMIT 2`,
      [
        ['id', 'INTEGER'],
        ['big', 'BIGINT'],
      ],
    ],
    [`SELECT column_name FROM information_schema.columns WHERE table_name = 'broken'`, [['TABLE_BROKEN']]],
    [`SELECT column_name FROM (DESCRIBE batch.q1) LIMIT 1`, [['id']]],
    [`SELECT name, type FROM pragma_table_info('geo') LIMIT 1`, [['id', 'INTEGER']]],
    [`SELECT count(*) FROM (SHOW ALL TABLES)`, [[4]]],
    ['SELECT count(*) FROM main.geo', [[10]]],
  ])('%s', async (sql, rows) => expect(await ask(sql)).toEqual(rows))

  it('as it is for each statement, and rows are there as ever', async () => {
    const before = 'SELECT count(*) FROM geo'
    expect(await askAll(before, 'SHOW TABLES', before)).toEqual([[[10]], [['broken'], ['geo'], ['things']], [[10]]])
  })

  it('the names alone come without reading a log', async () => {
    // A log whose first entry is a folder can't be read by anybody.
    await mkdir(join(lake, 'broken', '_delta_log', '00000000000000000001.json'), { recursive: true })
    expect(await ask('SHOW TABLES')).toContainEqual(['broken'])
  })
})

describe('a table is found wherever a statement names it', () => {
  it.each([
    ['PIVOT geo ON flag USING count(*) GROUP BY day LIMIT 1', 1],
    ['CREATE TEMP TABLE mine AS SELECT * FROM geo; INSERT INTO mine SELECT * FROM things; FROM mine', 30],
    ['CREATE TEMP VIEW mine AS SELECT * FROM geo; SELECT * FROM mine', 10],
    ["SELECT * FROM query_table('geo')", 10],
    ['SET threads = 1; DESCRIBE geo; SELECT * FROM batch.q1', 10],
  ])('%s', async (sql, count) => expect(await ask(sql)).toHaveLength(count))
})

describe('a table that is not there', () => {
  it.each([
    ['SELECT * FROM thing', 'things'],
    ['SELECT * FROM goe', 'geo'],
    ['SELECT * FROM q1', 'batch.q1'],
    ['SELECT * FROM batch.q11', 'batch.q1'],
    ['CREATE TEMP TABLE mine AS SELECT 1; SELECT * FROM mines', 'mine'],
  ])('%s: did you mean %s?', async (sql, meant) => {
    await expect(ask(sql)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining(`Did you mean "${meant}"?`),
      next: 'There are batch.q1, broken, geo, things.',
    })
  })

  it('like none: no table of DuckDB itself is suggested', async () => {
    await expect(ask('SELECT * FROM nowhere_at_all')).rejects.toMatchObject({
      message: expect.not.stringContaining('Did you mean'),
    })
  })

  it('in an empty lake', async () => {
    const empty = await temporaryFolder(afterAll)
    await expect(runSql(empty, 'SELECT * FROM geo')).rejects.toMatchObject({
      next: 'The lake has no tables yet: check its address.',
    })
  })
})

describe('what would change the lake is refused, and says what is possible', () => {
  it.each([
    'INSERT INTO geo VALUES (1)',
    'insert or replace into "geo" select * from things',
    'WITH new AS (SELECT * FROM things) INSERT INTO main.geo SELECT * FROM new',
    'UPDATE geo SET id = 1',
    'DELETE FROM batch.q1 WHERE true',
    'MERGE INTO geo USING things t ON t.id = geo.id WHEN MATCHED THEN DELETE',
    'TRUNCATE geo',
    'DROP TABLE IF EXISTS geo',
    'ALTER TABLE geo ADD COLUMN more INT',
    "COPY geo FROM 'more.csv'",
    '/* so */ DELETE FROM geo -- or so',
  ])('%s', async (sql) => {
    await expect(ask(sql)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/^[A-Z ]+ (geo|batch\.q1): SQL only reads the tables of the lake$/),
      next: expect.stringContaining('CREATE TEMP TABLE'),
    })
  })

  it.each(['CREATE TABLE mine AS SELECT 1', 'CREATE OR REPLACE TABLE geo (id INT)', 'CREATE VIEW mine AS FROM geo'])(
    '%s',
    async (sql) => {
      await expect(ask(sql)).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        next: expect.stringMatching(/CREATE TEMP (TABLE|VIEW)/),
      })
    },
  )

  it('but a table of the session is its own, also under a name of the lake', async () => {
    const made = 'CREATE TEMP TABLE geo AS SELECT 1 AS id'
    const answers = await askAll(
      made,
      'INSERT INTO geo VALUES (2)',
      'UPDATE geo SET id = 3',
      'FROM geo',
      'DROP TABLE geo',
    )
    expect(answers[3]).toEqual([[3], [3]])
  })
})

describe('several statements', () => {
  it('give a result each, in order', async () => {
    expect(await askAll("SELECT 1; SELECT ';' -- one; more\n; /* ; */ SELECT count(*) FROM geo;")).toEqual([
      [[1]],
      [[';']],
      [[10]],
    ])
  })

  it('of which one is no SQL run not at all', async () => {
    await using session = await openSql(lake)
    const run = (sql: string) => session.run(sql, async () => {})
    await expect(run('CREATE TEMP TABLE made (id INT); SELEKT 1')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    await expect(run('FROM made')).rejects.toMatchObject({ message: expect.stringContaining('made') })
  })

  it('make no Parquet file', async () => {
    await using session = await openSql(lake)
    const file = join(lake, 'two.parquet')
    await expect(session.writeParquet('SELECT 1; SELECT 2', file)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

it('has the names of data sets whose tables are called otherwise, and nothing that they do not reach', async () => {
  await using session = await openSql(lake, { tables: { visits: 'things', geo: 'things', places: 'geo' } })
  const ask = async (sql: string) =>
    (await session.run(sql, async (result) => (await Array.fromAsync(rowsOf(result))).flat())).flat()
  expect(await ask('SHOW TABLES')).toEqual([['broken'], ['geo'], ['places'], ['visits']])
  expect((await session.tableNames()).filter((name) => !name.includes('.')).toSorted()).toEqual([
    ...['broken', 'geo', 'places', 'visits'],
  ])
  const columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'visits'"
  expect(await ask(columns)).toEqual([[THINGS.fields.length]])
  const counts = 'SELECT (SELECT count(*) FROM visits) = (SELECT count(*) FROM geo), (SELECT count(*) FROM places) > 0'
  expect(await ask(counts)).toEqual([[true, true]])
})

import { join } from 'node:path'
import { judgeStats, sparkSql, sparkStats, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import {
  appendRows,
  openOrCreate,
  optimizeTable,
  replaceRows,
  type Snapshot,
  schemaOf,
  vacuumTable,
  writeCheckpoint,
} from '../src/index.ts'
import { commitName } from '../src/log/log.ts'
import { everything, rowsOfEverything } from './all-types.ts'
import { column, committed, EVERY_ROW, openTestTables, reopened, struct, type TestTables } from './test-tables.ts'

const it = withServices('judge', 'spark')
// Spark takes its time for each of many questions.
vi.setConfig({ testTimeout: 300_000 })

let testTables: TestTables
beforeAll(async () => {
  testTables = await openTestTables()
})
afterAll(() => testTables.close())

/** What we say of a table, in the words of the others, as far as DuckDB says it in the same way. */
async function ourStats(snapshot: Snapshot) {
  const { fields } = schemaOf(snapshot.metadata)
  const counts = fields.map(({ name }) => `count("${name}") AS "${name}"`)
  const [found] = await testTables.ask(
    snapshot,
    `SELECT count(*) AS "#", ${counts.join(', ')}, sum(id) AS ids FROM rows`,
  )
  if (!found) throw new Error('no answer')
  const { '#': all, ids, ...columns } = found
  return {
    version: snapshot.version,
    rows: Number(all),
    ids: String(ids),
    counts: Object.fromEntries(Object.entries(columns).map(([name, count]) => [name, Number(count)])),
  }
}

function inOurWords({ version, rows: all, columns }: Awaited<ReturnType<typeof sparkStats>>) {
  const counts = Object.entries(columns).map(([name, { count }]) => [name, count])
  return { version, rows: all, ids: String(columns.id?.sum), counts: Object.fromEntries(counts) }
}

const rows = (from: number, to: number) => rowsOfEverything(from, to, 'microseconds')

describe.each([
  ['a table', []],
  ['a partitioned table', ['kind', 'day']],
])('%s of all types', (_, partitionColumns) => {
  it('is to delta-rs, polars and Spark what it is to us, whatever was done to it', async ({ judge, spark }) => {
    let snapshot = await testTables.create({ schema: everything, partitionColumns })
    const table = join(testTables.lake, snapshot.table.path)
    const same = async (what: string) => {
      snapshot = await reopened(snapshot)
      const [byDeltaRs, byPolars, bySpark] = await Promise.all([
        judgeStats(judge, { table, engine: 'delta-rs' }),
        judgeStats(judge, { table, engine: 'polars' }),
        sparkStats(spark, { table }),
      ])
      expect(inOurWords(bySpark), what).toEqual(await ourStats(snapshot))
      expect(byDeltaRs.columns, what).toEqual(bySpark.columns)
      expect(byPolars.columns, what).toEqual(bySpark.columns)
      expect(byDeltaRs.partitionColumns, what).toEqual(partitionColumns)
    }
    snapshot = await committed(appendRows(snapshot, rows(0, 40), testTables))
    snapshot = await committed(appendRows(snapshot, rows(40, 80), testTables))
    await same('appended')
    const early = { op: '<', column: 'medium', value: 10 } as const
    snapshot = await committed(replaceRows(snapshot, early, rows(5, 10), testTables))
    snapshot = await committed(replaceRows(snapshot, { op: '=', column: 'medium', value: 33 }, rows(0, 0), testTables))
    await same('replaced')
    snapshot = (await optimizeTable(snapshot, testTables)).snapshot
    await same('optimized')
    expect(await writeCheckpoint(snapshot, testTables)).toBe(true)
    const log = `${snapshot.table.path}/_delta_log/`
    for (let gone = 0; gone < snapshot.version; gone++) await testTables.store.delete(log + commitName(gone))
    await same('checkpointed')
    snapshot = await committed(replaceRows(snapshot, EVERY_ROW, rows(100, 120), testTables))
    await same('overwritten')
    const swept = await vacuumTable(snapshot, testTables, { retentionMs: -1, force: true })
    expect(swept.keys.length).toBeGreaterThan(0)
    await same('vacuumed')
  })
})

it('is pruned by Spark and delta-rs without losing a row', async ({ spark, judge }) => {
  let snapshot = await testTables.create({ schema: everything })
  for (const from of [0, 40, 80]) snapshot = await committed(appendRows(snapshot, rows(from, from + 40), testTables))
  const table = join(testTables.lake, snapshot.table.path)
  const questions = [
    `text = '${'ü'.repeat(30)}𝄞47'`,
    `at = timestamp'1969-12-31 23:00:00.000001'`,
    `at >= timestamp'1970-01-01 00:39:00.000001'`,
    'single > 19.5 AND single < 20.5',
    `price = 48.48`,
    `day = date'1970-01-01'`,
    `nested.deep.y = 'y113'`,
    'id = 9007199254741000',
  ]
  for (const where of questions) {
    const [bySpark] = await sparkSql(spark, `SELECT count(*) AS n FROM delta.\`${table}\` WHERE ${where}`)
    const all = await sparkSql(spark, `SELECT count_if(${where}) AS n FROM delta.\`${table}\``)
    expect([bySpark], where).toEqual(all)
    expect(Number(bySpark?.n), where).toBeGreaterThan(0)
  }
  expect((await judgeStats(judge, { table })).rows).toBe(120)
})

function withProperty(key: string, value: string): string {
  return `CREATE TABLE @ (id BIGINT) USING delta TBLPROPERTIES ('${key}' = '${value}')`
}

describe('a table that Spark made', () => {
  async function adopt(name: string) {
    return openOrCreate(
      { store: testTables.store, path: name },
      { schema: struct(column('id', 'long')) },
      testTables.runtime,
    )
  }
  const at = (name: string) => `delta.\`${join(testTables.lake, name)}\``

  it('takes our rows and our columns, and keeps its comments', async ({ spark }) => {
    await sparkSql(
      spark,
      `CREATE TABLE ${at('theirs')} (id BIGINT NOT NULL COMMENT 'by them', name STRING) USING delta
       TBLPROPERTIES ('millrace.addsColumns' = 'true')`,
    )
    await sparkSql(spark, `INSERT INTO ${at('theirs')} VALUES (1, 'one')`)
    const schema = struct(column('id', 'long'), { ...column('more', 'string'), metadata: { comment: 'by us' } })
    const snapshot = await openOrCreate({ store: testTables.store, path: 'theirs' }, { schema }, testTables.runtime)
    await committed(appendRows(snapshot, `SELECT 2 AS id, 'two' AS more`, testTables))
    expect(await sparkSql(spark, `SELECT * FROM ${at('theirs')} ORDER BY id`)).toEqual([
      { id: 1, name: 'one', more: null },
      { id: 2, name: null, more: 'two' },
    ])
    const described = await sparkSql(spark, `DESCRIBE ${at('theirs')}`)
    expect(described.map(({ col_name, comment }) => [col_name, comment])).toEqual([
      ['id', 'by them'],
      ['name', null],
      ['more', 'by us'],
    ])
    await expect(appendRows(snapshot, 'SELECT NULL AS id', testTables)).rejects.toThrow('must not be null')
  })
  const REFUSED: [what: string, statements: string[], message: string][] = [
    [
      'a check that is computed',
      ['CREATE TABLE @ (id BIGINT) USING delta', 'ALTER TABLE @ ADD CONSTRAINT positive CHECK (abs(id) > 0)'],
      'constraint positive (abs ( id ) > 0)',
    ],
    [
      'a generated column',
      ['CREATE TABLE @ (id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2)) USING delta'],
      'a generation expression of column twice',
    ],
    ['column mapping', [withProperty('delta.columnMapping.mode', 'name')], 'column mapping by name'],
    ['row tracking', [withProperty('delta.enableRowTracking', 'true')], 'rowTracking'],
    ['another type', ['CREATE TABLE @ (id STRING) USING delta'], 'column id is string, not long'],
  ]
  for (const [what, statements, message] of REFUSED) {
    it(`with ${what} is refused by name`, async ({ spark }) => {
      const name = what.replaceAll(' ', '_')
      for (const sql of statements) await sparkSql(spark, sql.replace('@', at(name)))
      await expect(adopt(name)).rejects.toThrow(message)
    })
  }
  it('with deletion vectors can be read, appended to and optimized', async ({ spark }) => {
    const properties = `TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')`
    await sparkSql(spark, `CREATE TABLE ${at('vectors')} (id BIGINT) USING delta ${properties}`)
    await sparkSql(spark, `INSERT INTO ${at('vectors')} SELECT id FROM range(100)`)
    await sparkSql(spark, `DELETE FROM ${at('vectors')} WHERE id % 2 = 0`)
    let snapshot = await adopt('vectors')
    expect([...snapshot.files.values()].some(({ deletionVector }) => deletionVector)).toBe(true)
    snapshot = await committed(appendRows(snapshot, 'SELECT 1000 AS id', testTables))
    const sums = 'SELECT count(*) AS n, sum(id) AS ids'
    const result = await optimizeTable(snapshot, testTables)
    await writeCheckpoint(result.snapshot, testTables)
    expect(await testTables.ask(await reopened(result.snapshot), `${sums} FROM rows`)).toEqual([
      { n: '51', ids: '3500' },
    ])
    expect(await sparkSql(spark, `${sums} FROM ${at('vectors')}`)).toEqual([{ n: 51, ids: 3500 }])
  })
})

it('is changed by Spark as one of its own', async ({ spark }) => {
  let snapshot = await testTables.create({ schema: struct(column('id', 'long'), column('text', 'string')) })
  const ids = (from: number, to: number) => `SELECT i AS id, 'row ' || i AS text FROM range(${from}, ${to}) t(i)`
  snapshot = await committed(appendRows(snapshot, ids(0, 10), testTables))
  await writeCheckpoint(snapshot, testTables)
  const table = `delta.\`${join(testTables.lake, snapshot.table.path)}\``
  await sparkSql(spark, `UPDATE ${table} SET text = 'changed' WHERE id < 2`)
  await sparkSql(spark, `DELETE FROM ${table} WHERE id = 9`)
  await sparkSql(spark, `ALTER TABLE ${table} ADD COLUMN more INT COMMENT 'by Spark'`)
  await sparkSql(spark, `OPTIMIZE ${table}`)
  snapshot = await committed(appendRows(await reopened(snapshot), ids(10, 12), testTables))
  expect(
    await testTables.ask(
      snapshot,
      `SELECT count(*) AS n, sum(id) AS ids, count(*) FILTER (text = 'changed') AS c FROM rows`,
    ),
  ).toEqual([{ n: '11', ids: '57', c: '2' }])
  const history = await sparkSql(spark, `DESCRIBE HISTORY ${table}`)
  expect(history.length).toBe(snapshot.version + 1)
})
